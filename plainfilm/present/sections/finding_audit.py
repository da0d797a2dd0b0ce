"""The audit by finding: what cheap probes tell of each finding, from views of the films and from the table alone."""

from collections.abc import Callable, Iterator

from plainfilm.audits.finding_probes import GRAVITY, MIN_FILMS, TABLE, Finding, FindingsAudit, Probe, Within
from plainfilm.estimate import Estimate
from plainfilm.messages import Text, say
from plainfilm.present.blocks import Block, Cell, Note, Table
from plainfilm.present.words import figure, label, listed

FLAG = "†"  # at an AUC that is flagged
CHANCE = 0.5  # AUC


def finding_audit(found: FindingsAudit, shown: Callable[[str], Text]) -> Iterator[Block]:
    """All that the audit found but the verdicts; `shown`: what a finding is called."""
    method = found.method
    words = label("shortcuts.split.", method.split)
    yield Note(say("report.audit.method", films=method.films, groups=method.groups, split=words))
    if found.verdict.judged:
        yield _views(found, shown)
        yield _worst(found, shown)
    yield from table_probe(found, shown)
    yield _sites(found, shown)


def verdicts(found: FindingsAudit, shown: Callable[[str], Text]) -> Iterator[Note]:
    """What the audit comes to: a sentence for all findings with the same verdict, the gravest first."""
    for code in GRAVITY:
        findings = [finding for finding in found.findings if finding.verdict.code == code]
        if findings:
            names = listed(_named(finding, shown) for finding in findings)
            counts = {"count": len(findings), "total": len(found.findings)}
            minimum = {"minimum": MIN_FILMS} if code == "too-few" else {}
            key, tone = f"finding-audit.verdict.{code}", "plain" if code in ("clear", "too-few") else "alarm"
            yield Note(say(key, findings=names, **counts, **minimum), tone)


def _named(finding: Finding, shown: Callable[[str], Text]) -> Text:
    """A finding, with the view that it is flagged for."""
    verdict = finding.verdict
    if verdict.code in ("clear", "too-few"):
        return shown(finding.name)
    return say("finding-audit.from", finding=shown(finding.name), view=label("view.", verdict.view))


def _views(found: FindingsAudit, shown: Callable[[str], Text]) -> Table:
    """Findings x views: the AUC of each, flagged ones marked."""
    judged = [finding for finding in found.findings if finding.probes]
    first = sorted(judged[0].probes, key=_turn)
    columns = [_view(probe) for probe in first]
    has_model = any(finding.model is not None for finding in judged)
    rows: list[tuple[Cell, ...]] = []
    for finding in judged:
        cells: list[Cell] = [_marked(probe) for probe in sorted(finding.probes, key=_turn)]
        cells += [_short(finding.model)] if has_model else []
        rows.append((shown(finding.name), f"{finding.positives} / {finding.negatives}", *cells))
    start = (say("report.findings.finding"), say("finding-audit.counts"))
    end = (say("report.audit.model"),) if has_model else ()
    return Table(say("finding-audit.views", mark=FLAG), (*start, *columns, *end), tuple(rows))


def _turn(probe: Probe) -> tuple[bool, bool]:
    """The order of views: the table, those without lung, those with."""
    return (not probe.lungless, probe.view != TABLE)


def _view(probe: Probe) -> Text:
    words = label("view.", probe.view)
    return words if probe.lungless else say("finding-audit.sees-lung", view=words)


def _marked(probe: Probe) -> str:
    return f"{_short(probe.auc)} {FLAG}" if probe.flagged else _short(probe.auc)


def _short(entry: Estimate | None) -> str:
    """An AUC without its interval."""
    return "–" if entry is None else f"{entry.value:.3f}"


def _worst(found: FindingsAudit, shown: Callable[[str], Text]) -> Table:
    """A line a finding: the verdict, the view that it rests on, that view's figures."""
    rows: list[tuple[Cell, ...]] = []
    for finding in found.findings:
        verdict = finding.verdict
        view: Text = label("view.", verdict.view) if verdict.view else "–"
        share, interval, _ = figure(verdict.share)
        start = (shown(finding.name), label("finding-audit.word.", verdict.code), view)
        rows.append((*start, *figure(verdict.auc, scale=1), share, interval))
    keys = ("report.findings.finding", "finding-audit.said", "finding-audit.view")
    figures = ("finding-audit.auc", "report.interval", "report.n", "finding-audit.share", "report.interval")
    return Table(say("finding-audit.worst"), tuple(map(say, (*keys, *figures))), tuple(rows), left=3)


def table_probe(found: FindingsAudit, shown: Callable[[str], Text]) -> Iterator[Note]:
    """What no film is needed for, whether the model has more, and which findings the table alone may give away."""
    table = found.table
    if table is None:
        return
    seen = listed(say(f"finding-audit.column.{name}") for name in table.columns)
    yield Note(say("finding-audit.table", columns=seen, count=found.verdict.judged, macro=table.macro.in_decimals()))
    if table.model is not None and table.gain is not None:
        is_above = table.gain.low > 0
        key, tone = ("finding-audit.above", "plain") if is_above else ("finding-audit.not-above", "alarm")
        yield Note(say(key, model=f"{table.model.value:.3f}", gain=table.gain.in_decimals()), tone)
    above = [
        say("finding-audit.table-of", finding=shown(finding.name), auc=probe.auc.in_decimals())
        for finding in found.findings
        for probe in finding.probes
        if probe.view == TABLE and not probe.flagged and probe.auc.low > CHANCE
    ]
    if above:
        yield Note(say("finding-audit.table-alone", findings=listed(above)))


def _sites(found: FindingsAudit, shown: Callable[[str], Text]) -> Table:
    """Findings x sites: positives and negatives, and where these are too few."""
    sources = list(dict.fromkeys(entry.source for entry in found.sites))
    cells = {(entry.finding, entry.source): _within(entry) for entry in found.sites}
    rows = tuple(
        (shown(finding.name), *(cells[finding.name, source] for source in sources)) for finding in found.findings
    )
    columns = (source or say("finding-audit.site-unknown") for source in sources)
    return Table(say("finding-audit.sites", minimum=MIN_FILMS), (say("report.findings.finding"), *columns), rows)


def _within(entry: Within) -> Text:
    if not entry.stated:
        return say("finding-audit.not-stated")
    counts = f"{entry.positives} / {entry.negatives}"
    return counts if entry.estimable else say("finding-audit.site-few", counts=counts)
