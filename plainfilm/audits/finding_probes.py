"""The shortcut audit by finding: what do probes tell of each finding without a lung, or without any film at all?

- The views, probes and parts of `shortcuts`, two-class for each finding; and one view more, the table: what view
  position, sex, age and site alone tell. What a model says beyond the table it has from the pixels.
- Targets of 0 and 1 alone are learnt and judged. A finding with fewer than MIN_FILMS positives or negatives among the
  judged films is not judged: too few.
- The figure is the AUC, so chance is 0.5. A probe's scores are ranked within its part of the judged films: the probes
  of other folds learnt another prevalence, and scores pooled as they are would lower the AUC of a rare finding.
- Flags are family-wise over all findings and views (`family`): data without any shortcut get one in at most
  FAMILY_LEVEL of cases. `benchmarks/findings_selftest.py` counts how often.
- The table is seen by `logistic`: of few columns that are nearly additive trees learn little but noise.
- The verdict rests on the views without lung, the table among them, and has the bounds of `shortcuts`.

Every draw has an address; the same films, targets and seed give the same figures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from plainfilm.audits import views
from plainfilm.audits.family import chained, holm, p_above_half
from plainfilm.audits.permutation import Parts
from plainfilm.audits.probes import boosted, logistic
from plainfilm.audits.shortcuts import CHEAP_VIEWS, LINEAR_VIEWS, Design, Method, design_of, judge, ratio_of_gains, see
from plainfilm.audits.table_view import said, table_columns
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.data.splits.split import strata_of
from plainfilm.estimate import NOT_ESTIMABLE, Estimate
from plainfilm.evaluation.intervals import class_mean, delong
from plainfilm.evaluation.metrics import Booleans, Floats, Integers, placements
from plainfilm.evaluation.resampling import group_draws, percentiles, weighted_macro_auc

FAMILY_LEVEL = 0.05  # at most this often is any cell of data without a shortcut flagged
MIN_FILMS = 10  # positives, and negatives, of a finding that is judged
TABLE, MODEL = "table", "model"
LUNGLESS = (*views.LUNGLESS, TABLE)
GRAVITY = ("untrusted", "data-untrusted", "model-adds-nothing", "doubted", "data-doubted", "clear", "too-few")
MOST_COUNTED = 3  # findings of a film, in what folds keep even


@dataclass(frozen=True)
class Probe:
    """What one view tells of a finding, and its share of what the model adds over chance; None without a model."""

    view: str
    lungless: bool
    auc: Estimate
    share: Estimate | None
    p: float  # one-sided, of an AUC above 0.5, before the family is thought of
    flagged: bool


@dataclass(frozen=True)
class Verdict:
    """The word on one finding: the view without lung that reads most; "" for a finding with too few films."""

    code: str  # one of GRAVITY
    view: str
    share: Estimate | None
    auc: Estimate


@dataclass(frozen=True)
class Finding:
    """A finding: its judged films, the model's AUC (None without a model), each view's."""

    name: str
    positives: int
    negatives: int
    model: Estimate | None
    probes: tuple[Probe, ...]  # none if there are too few films
    verdict: Verdict


@dataclass(frozen=True)
class TableProbe:
    """The table probe: the columns that it saw, its macro AUC, the model's, and how much that is above."""

    columns: tuple[str, ...]
    macro: Estimate
    model: Estimate | None
    gain: Estimate | None  # paired


@dataclass(frozen=True)
class Within:
    """A finding in one site ("": unknown): whether anything is stated there, and whether an AUC can be estimated."""

    finding: str
    source: str
    stated: bool
    positives: int
    negatives: int
    estimable: bool


@dataclass(frozen=True)
class Overall:
    """The word on the whole: the gravest code of any finding, the findings that have it, how many were judged."""

    code: str
    findings: tuple[str, ...]
    judged: int


@dataclass(frozen=True)
class FindingsAudit:
    """The part `findings` of audit.json."""

    method: Method
    findings: tuple[Finding, ...]
    table: TableProbe | None  # None: the table says the same of all films
    sites: tuple[Within, ...]
    verdict: Overall


@dataclass(frozen=True)
class _Told:
    """What each view, and MODEL, tells of J judged films and the K findings that are judged."""

    names: tuple[str, ...]  # K
    truth: Floats  # (J, K), 0, 1 or NaN
    groups: Integers  # (J,)
    scores: Mapping[str, Floats]  # (J, K)
    drawn: Mapping[str, Floats]  # (R, K), AUCs in replicates of the bootstrap; empty without a model
    p: Mapping[str, Floats]  # (K,), of views alone
    flagged: Mapping[str, Booleans]  # (K,)

    def auc(self, view: str, k: int) -> Estimate:
        """Of one finding."""
        return delong(*_both(self.scores[view][:, k], self.truth[:, k], self.groups))

    def macro(self, view: str) -> Estimate:
        """The mean AUC of the findings."""
        aucs = [self.auc(view, k) for k in range(len(self.names))]
        return class_mean(aucs, self.drawn[view].mean(1), len(self.truth))


def audit_findings(
    films: Films,
    targets: NDArray[np.float32],
    names: Sequence[str],
    *,
    facts: Floats | None = None,
    probabilities: Floats | None = None,
    cheap: bool = False,
    seed: int = 0,
) -> FindingsAudit:
    """What the module says.

    Args:
        films: at least 64 px a side. Films without pixels or without a target of 0 or 1 are left out.
        targets: (N, K), of all rows of the index; NaN if nobody says.
        names: K findings.
        facts: (N, F), of `data.file_facts`; without it the view `file` knows size, aspect and mode alone.
        probabilities: (N, K), of a model; NaN if it was not run. Without it no share is given.
        cheap: fewer views, one split.
        seed: of folds and trees.
    """
    index, truth = films.index, known(targets)
    readable = np.array([bool(row.image_id) for row in index.rows])
    numbers = np.flatnonzero(readable & np.isfinite(truth).any(1))
    rows, truth = [index.rows[number] for number in numbers], truth[numbers]
    answered = None if probabilities is None else probabilities[numbers]
    design = _design(index, rows, truth, answered, cheap=cheap, seed=seed)
    wanted = CHEAP_VIEWS if cheap else views.VIEWS
    columns = see(films.store, numbers, rows, wanted, None if facts is None else facts[numbers])
    if table := tuple(said(rows)):
        columns[TABLE] = table_columns(rows)
    told = _told(columns, truth, names, rows, design, answered, seed)
    found = tuple(_finding(name, truth[design.judged, k], told) for k, name in enumerate(names))
    groups = {rows[number].group for number in design.judged}
    return FindingsAudit(
        method=Method(design.name, len(design.judged), len(groups), cheap),
        findings=found,
        table=_table_probe(table, told) if table and told.names else None,
        sites=within_sites(targets[numbers], names, [row.source for row in rows]),
        verdict=overall(found),
    )


def known(targets: NDArray[np.float32]) -> Floats:
    """Targets (N, K) that are learnt and judged: 0 and 1, NaN for all others."""
    return np.where(np.isin(targets, (0, 1)), targets, np.nan).astype(np.float64)


def _design(
    index: Index, rows: Sequence[Row], truth: Floats, answered: Floats | None, *, cheap: bool, seed: int
) -> Design:
    """The parts, as of classes; folds keep the number of findings a film and the sites even."""
    counts = [str(min(MOST_COUNTED, int(present))) for present in (truth == 1).sum(1)]
    kept_even = strata_of(counts, [row.source for row in rows])
    return design_of(index, rows, kept_even, answered, cheap=cheap, seed=seed)


def read(view: str, columns: Floats, truth: Floats, parts: Parts, seed: int) -> Floats:
    """What a view's probes say of each film and finding: columns (M, D), truth (M, K) -> (M, K), NaN if not judged.

    A score is the rank within its part, from 0 to 1; 0.5 for a finding of which there was nothing to learn.
    """
    scores = np.full(truth.shape, np.nan)
    for k, column in enumerate(truth.T):
        for train, judged in parts:
            train, judged = (numbers[np.isfinite(column[numbers])] for numbers in (train, judged))
            if not len(judged):
                continue
            if len(np.unique(column[train])) < 2:
                scores[judged, k] = 0.5
                continue
            data = columns[train], column[train].astype(np.int64), columns[judged], 2
            found = logistic(*data) if view in (*LINEAR_VIEWS, TABLE) else boosted(*data, seed=seed)
            scores[judged, k], _ = placements(found[:, 1], found[:, 1])
    return scores


def _told(
    columns: Mapping[str, Floats],
    truth: Floats,
    names: Sequence[str],
    rows: Sequence[Row],
    design: Design,
    answered: Floats | None,
    seed: int,
) -> _Told:
    """All probes, trained and judged: columns of M films by view, truth (M, K)."""
    judged = design.judged
    kept = [k for k in range(len(names)) if _is_enough(truth[judged, k])]
    truth, groups = truth[:, kept], np.unique([row.group for row in rows], return_inverse=True)[1]
    scores, p = dict[str, Floats](), dict[str, Floats]()
    for view, x in columns.items():
        found = read(view, x, truth, design.parts, seed)
        scores[view], p[view] = found[judged], _p_values(view, x, truth, groups, design.parts, found, seed)
    falls = holm(np.concatenate(list(p.values())).tolist(), FAMILY_LEVEL)
    flagged = dict(zip(p, np.array(falls, bool).reshape(len(p), len(kept)), strict=True))
    if answered is not None:
        scores[MODEL] = answered[judged][:, kept]
    to_draw = scores if answered is not None else {view: scores[view] for view in scores if view == TABLE}
    drawn = _drawn(to_draw, truth[judged], groups[judged]) if kept else {}
    return _Told(tuple(names[k] for k in kept), truth[judged], groups[judged], scores, drawn, p, flagged)


def _is_enough(truth: Floats) -> bool:
    """Whether a finding (J,) can be judged."""
    return all((truth == value).sum() >= MIN_FILMS for value in (0, 1))


def _both(scores: Floats, truth: Floats, groups: Integers) -> tuple[Floats, Booleans, Integers]:
    """Of the films (J,) with a score and a truth: scores, whether it is present, groups numbered from 0."""
    both = np.isfinite(scores) & np.isfinite(truth)
    return scores[both], truth[both] == 1, np.unique(groups[both], return_inverse=True)[1]


def _p_values(
    view: str, columns: Floats, truth: Floats, groups: Integers, parts: Parts, scores: Floats, seed: int
) -> Floats:
    """The p of each finding (K,): of folds from the chain, but for those that show nothing in the folds even."""
    p = np.array([p_above_half(*_both(scores[:, k], truth[:, k], groups)) for k in range(truth.shape[1])])
    shown = np.flatnonzero(p < FAMILY_LEVEL)
    if len(parts) > 1:
        chain = read(view, columns, truth[:, shown], chained(parts), seed)
        p[shown] = [p_above_half(*_both(chain[:, n], truth[:, k], groups)) for n, k in enumerate(shown)]
    return p


def _drawn(scores: Mapping[str, Floats], truth: Floats, groups: Integers) -> dict[str, Floats]:
    """AUCs of scores (J, K) in replicates of the bootstrap over groups, the same draws for all: (R, K) each."""
    films = [np.flatnonzero(np.isfinite(column)) for column in truth.T]
    absent = [(truth[known, k] == 0).astype(np.int64) for k, known in enumerate(films)]
    found: dict[str, list[Floats]] = {name: [] for name in scores}
    for weights in group_draws(groups):  # (r, J)
        by_film = np.ascontiguousarray(weights.T)
        for name, of in scores.items():
            aucs = [
                weighted_macro_auc(by_film, of[known, k : k + 1], absent[k], known) for k, known in enumerate(films)
            ]
            found[name].append(np.reshape(aucs, (len(films), len(weights))).T)
    return {name: np.concatenate(chunks) for name, chunks in found.items()}


def _finding(name: str, truth: Floats, told: _Told) -> Finding:
    """The row of a finding: truth (J,) of the judged films."""
    positives, negatives = (int((truth == value).sum()) for value in (1, 0))
    if name not in told.names:
        return Finding(name, positives, negatives, None, (), Verdict("too-few", "", None, NOT_ESTIMABLE))
    k = told.names.index(name)
    model = told.auc(MODEL, k) if MODEL in told.scores else None
    probes = tuple(_probe(view, k, told, model) for view in told.p)
    return Finding(name, positives, negatives, model, probes, verdict(probes))


def _probe(view: str, k: int, told: _Told, model: Estimate | None) -> Probe:
    """The row of one view."""
    auc, flagged = told.auc(view, k), bool(told.flagged[view][k])
    share = None if model is None else _share(auc, model, told.drawn[view][:, k], told.drawn[MODEL][:, k])
    return Probe(view, view in LUNGLESS, auc, share, float(told.p[view][k]), flagged)


def _share(view: Estimate, model: Estimate, drawn: Floats, model_drawn: Floats) -> Estimate:
    """(view - 0.5) / (model - 0.5), clipped at 0; NaN if the model may gain 0. Drawn: (R,) each."""
    if model.low <= 0.5:
        return replace(NOT_ESTIMABLE, n=view.n)
    return ratio_of_gains(view.value - 0.5, model.value - 0.5, np.column_stack([drawn, model_drawn]) - 0.5, view.n)


def verdict(probes: Sequence[Probe]) -> Verdict:
    """The word on one finding."""
    lungless = [probe for probe in probes if probe.lungless]
    worst = max([probe for probe in lungless if probe.flagged] or lungless, key=lambda probe: probe.auc.value)
    code = judge(worst.share, 2 * (worst.auc.value - 0.5)) if worst.flagged else "clear"
    return Verdict(code, worst.view, worst.share, worst.auc)


def overall(findings: Sequence[Finding]) -> Overall:
    """The word on the whole."""
    code = min((finding.verdict.code for finding in findings), key=GRAVITY.index)
    judged = sum(bool(finding.probes) for finding in findings)
    return Overall(code, tuple(finding.name for finding in findings if finding.verdict.code == code), judged)


def _table_probe(columns: tuple[str, ...], told: _Told) -> TableProbe:
    """The macro figures of the table probe and the model."""
    macro = told.macro(TABLE)
    if MODEL not in told.scores:
        return TableProbe(columns, macro, None, None)
    model = told.macro(MODEL)
    value = model.value - macro.value
    gains = told.drawn[MODEL].mean(1) - told.drawn[TABLE].mean(1)
    return TableProbe(columns, macro, model, Estimate(value, *percentiles(gains, value), macro.n))


def within_sites(targets: NDArray[np.float32], names: Sequence[str], sources: Sequence[str]) -> tuple[Within, ...]:
    """What can be estimated of each finding within each site: targets (M, K), sources (M,), "" if unknown."""
    found, where = [], np.array(sources)
    for k, name in enumerate(names):
        for source in sorted(set(sources)):
            own = targets[where == source, k]
            positives, negatives = (int((own == value).sum()) for value in (1, 0))
            is_stated, is_enough = bool(np.isfinite(own).any()), min(positives, negatives) >= MIN_FILMS
            found.append(Within(name, source, is_stated, positives, negatives, is_enough))
    return tuple(found)
