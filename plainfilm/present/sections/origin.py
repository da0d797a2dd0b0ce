"""How to repeat it: environment, seeds, checksums, commands, the recipe; and the limits of all this."""

from collections import Counter
from collections.abc import Sequence

from plainfilm.data.splits.groups import persons
from plainfilm.messages import say
from plainfilm.model.card import Provenance
from plainfilm.present.blocks import Block, Cell, Code, Note, Section, Table
from plainfilm.present.gather import Gathered
from plainfilm.present.sections.data import classes_told_by_source
from plainfilm.present.statements import about_maps
from plainfilm.present.words import listed
from plainfilm.text import printable

FEW_FILMS = 100
"""Test films of a class below which the report warns."""


def origin(found: Gathered) -> Section:
    """The section that says how to repeat the run."""
    blocks: list[Block] = [_environment(found), _checksums(found), _commands(found)]
    if found.recipe is not None:
        lines = found.run.recipe.read_text(encoding="utf-8-sig").splitlines()
        blocks.append(Code("\n".join(map(printable, lines)) + "\n", say("report.origin.recipe")))
    return Section("origin", say("report.origin"), tuple(blocks))


def _environment(found: Gathered) -> Table:
    provenance = Provenance() if found.card is None else found.card.provenance
    started = found.log.get("start") or found.log.get("resume") or {}
    rows: list[tuple[Cell, ...]] = [*(provenance.packages or {}).items()]
    if provenance.python is not None:
        rows.append(("Python", provenance.python))
    for key in ("device", "precision", "threads", "time"):
        if key in started:
            rows.append((say(f"report.origin.{key}"), str(started[key])))
    if found.recipe is not None:
        rows.append((say("report.origin.split-seed"), str(found.recipe.split.seed)))
        rows.append((say("report.origin.training-seed"), str(found.recipe.training.seed)))
    rows += [(say(f"report.origin.imported-{key}"), value) for key, value in (provenance.imported or {}).items()]
    return Table(say("report.origin.environment"), (say("report.data.what"), say("report.value")), tuple(rows), left=2)


def _checksums(found: Gathered) -> Table:
    rows: list[tuple[Cell, ...]] = []
    if found.index is not None:
        rows.append((say("report.origin.data"), found.index.data_checksum))
        rows.append((say("report.origin.split"), found.index.split_checksum))
    if found.card is not None:
        rows.append((say("report.origin.weights"), found.card.weights_sha256))
    rows += list(found.checksums.items())
    return Table(say("report.origin.checksums"), (say("report.data.what"), "SHA-256"), tuple(rows), left=2)


def _commands(found: Gathered) -> Code:
    """The commands, with words of the help's own for paths: the report names none of this machine."""
    sources = " ".join(["SOURCE"] * (1 if found.index is None else len(found.index.sources)))
    lines = ["plainfilm report RUN"]
    if found.recipe is not None:
        init = " --init WEIGHTS" if found.recipe.model.is_given else ""
        threads = (found.log.get("start") or {}).get("threads")
        given = f" --threads {threads}" if threads else ""
        lines.insert(0, f"plainfilm train {sources} --table TABLE --recipe recipe.toml{init}{given} --out RUN")
    return Code("\n".join(lines) + "\n", say("report.origin.commands"))


def limits(found: Gathered) -> Section:
    """The section of limits."""
    return _limits(found, [Note(say("report.limits.calibration"))])


def limits_of_findings(found: Gathered) -> Section:
    """The same of findings: what the check of their maps gave, and what their decisions hold for."""
    card = found.card
    if card is None:
        return _limits(found, [])
    notes = [Note(about_maps(card), "plain" if card.map_health == "card.maps-faithful" else "alarm")]
    if card.calibration is not None:
        films = say(f"findings.of.{card.calibration.from_}")
        notes.append(Note(say("report.limits.decisions", films=films)))
    return _limits(found, notes)


def _limits(found: Gathered, of_kind: Sequence[Note]) -> Section:
    """What holds for every model, then what holds for its kind."""
    notes = [Note(say("report.limits.not-clinical"), "alarm")]
    index = found.index
    if index is not None:
        told = classes_told_by_source(index)
        if told:
            notes.append(Note(say("report.limits.source", names=listed(found.shown(name) for name in told))))
        whose = persons([row for row in index.rows if row.split])
        if None in whose:
            known = len(whose) - whose.count(None)
            notes.append(Note(say("report.limits.patients", known=known, films=len(whose))))
        if index.is_leaking:
            notes.append(Note(say("evaluation.leaking"), "alarm"))
        counts = Counter(name for row in index.rows if row.split == "test" for name in index.counted(row))
        of_class = [(name, counts[name]) for name in index.classes]
        few = [
            say("report.limits.few-of", name=found.shown(name), n=count)
            for name, count in of_class
            if count < FEW_FILMS
        ]
        if few:
            notes.append(Note(say("report.limits.few", names=listed(few), minimum=FEW_FILMS)))
    if found.recipe is not None and found.recipe.model.is_given:
        notes.append(Note(say("card.base-unknown")))
    if not found.external:
        notes.append(Note(say("report.limits.no-external")))
    if found.audit is None:
        notes.append(Note(say("report.limits.no-audit")))
    notes += [
        Note(say("report.limits.labels")),
        Note(say("report.limits.maps")),
        *of_kind,
    ]
    return Section("limits", say("report.limits"), tuple(notes))
