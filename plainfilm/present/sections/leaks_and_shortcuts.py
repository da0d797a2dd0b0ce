"""Leaks and shortcuts: what an audit found, for a report and for a terminal."""

from collections.abc import Callable, Iterator

from plainfilm.audits.findings import Audit
from plainfilm.data.labelling import FindingLabels, display_names
from plainfilm.messages import Text, say
from plainfilm.model.card import class_names, named
from plainfilm.present.blocks import Block, Note, Section
from plainfilm.present.gather import Gathered
from plainfilm.present.sections.finding_audit import finding_audit, verdicts
from plainfilm.present.sections.headline import own_split
from plainfilm.present.sections.leaks import leaks
from plainfilm.present.sections.shortcuts import shortcuts, verdict


def audit(found: Gathered) -> Section:
    """The section of leaks and shortcuts; the verdict stands at the top of the page."""
    blocks: list[Block] = [own_split(found)] if found.index is not None else []
    if found.audit is None:
        blocks.append(Note(say("report.audit.missing"), "missing"))
    else:
        blocks += _probed(found.audit, found.shown)
        blocks += [*leaks(found.audit.leaks, found.shown), Note(say("report.audit.pairs"))]
    return Section("audit", say("report.audit"), tuple(blocks))


def _probed(found: Audit, shown: Callable[[str], Text]) -> Iterator[Block]:
    """What probes told of classes, or of findings."""
    if found.findings is None:
        yield from shortcuts(found.shortcuts, shown)
    else:
        yield from finding_audit(found.findings, shown)
        yield from verdicts(found.findings, shown)


def leaks_and_shortcuts(found: Audit) -> Iterator[Block]:
    """The content of audit.json: what is worth the score first, then leaks."""
    known = {} if found.findings is None else display_names(FindingLabels(), found.classes)
    shown = named(class_names(found.classes, known))
    yield from _probed(found, shown)
    if found.shortcuts is not None:
        yield verdict(found.shortcuts)
    yield from leaks(found.leaks, shown)
