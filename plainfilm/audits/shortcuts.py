"""The shortcut audit: what do probes tell of the classes from views of the films that hold no medicine?

- Every row is one view (`views`), seen by one probe (`probes`) that is trained afresh, judged on the same films
  by the same score: accuracy. The model is only run, never trained.
- With a model's answers and a test part, probes learn on the part on which the model learnt and are judged on the
  model's test films: so a view's share of what the model adds over chance, (view - chance) / (model - chance), compares
  like with like. Else five grouped folds, every film judged by probes that never saw its group.
- Chance is to call every film by the commonest class of the judged films: no probe that sees nothing does better, and
  films of a quality that is kept for training do not shift it.
- A view is flagged if it beats chance at FLAG_LEVEL, shared among the views: the mean difference in hits, film by
  film, over its standard error between groups. `benchmarks/audit_selftest.py` counts how often that errs.
- A share is clipped at 0 and may exceed 1. It is not estimable if the interval of the model's gain holds 0.
- The verdict rests on views without lung alone (`views.LUNGLESS`): a thumbnail may see a large opacity. Its bounds:
  UNTRUSTED_SHARE = 0.5: a probe that sees no lung gets at least half of what the model adds over chance, so that more
  of the score may come from the hospital than from the disease; no clinical meaning can be read from it.
  Below that, but flagged: part of the score may. Not flagged: these views show no shortcut; another may exist.
  Without a model the same bound is put on (view - chance) / (1 - chance), the most that any model could add.

Every draw has an address; the same films, index and seed give the same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from plainfilm.audits import sites, views
from plainfilm.audits.permutation import NUM_PERMUTATIONS, Parts, Permutation, permutation_test
from plainfilm.audits.probes import boosted, logistic
from plainfilm.data.film_index import Index, Row, strata, train_only
from plainfilm.data.films import Films
from plainfilm.data.lungfield import lung_fields
from plainfilm.data.splits import split
from plainfilm.estimate import Estimate
from plainfilm.evaluation.evaluation import answers
from plainfilm.evaluation.intervals import shares
from plainfilm.evaluation.metrics import Booleans, Floats, Integers, ratio
from plainfilm.evaluation.resampling import group_sums, percentiles, resampled
from plainfilm.model.predictor import Predictor

FLAG_LEVEL = 0.01  # at most this often is any view of an innocent data set flagged
UNTRUSTED_SHARE = 0.5
NUM_FOLDS = 5
PERMUTED_VIEW = "corners"
LINEAR_VIEWS = ("thumbnail", "lungs")  # pictures: seen by `logistic`, all others by `boosted`
CHEAP_VIEWS = ("file", "border", "corners", "statistics", "thumbnail")
CHUNK = 256  # films whose pixels are in memory at a time


@dataclass(frozen=True)
class Method:
    """How it was judged: `split` as the name of a Design; the judged films and their groups; whether in few views."""

    split: str
    films: int
    groups: int
    cheap: bool


@dataclass(frozen=True)
class View:
    """What one view tells, and its share of what the model adds over chance; None without a model."""

    name: str
    lungless: bool
    accuracy: Estimate
    share: Estimate | None
    flagged: bool


@dataclass(frozen=True)
class Verdict:
    """The word on the whole: the view without lung that reads most, its share, its accuracy."""

    code: str
    view: str
    share: Estimate | None
    accuracy: Estimate


@dataclass(frozen=True)
class Shortcuts:
    """The part `shortcuts` of audit.json."""

    method: Method
    chance: Estimate
    model: Estimate | None
    views: tuple[View, ...]
    source: sites.ToldSource | None
    permutation: Permutation
    sources: tuple[sites.LeftOut, ...]
    not_estimable: tuple[sites.NotEstimable, ...]
    verdict: Verdict


@dataclass(frozen=True)
class Design:
    """Which films probes learn on and which they are judged on."""

    name: str  # "test", "folds", or "fold": one fold of NUM_FOLDS alone
    parts: Parts

    @property
    def judged(self) -> Integers:
        """The numbers of the judged films, ascending."""
        return np.sort(np.concatenate([judged for _, judged in self.parts]))


def audit_shortcuts(
    films: Films,
    *,
    facts: Floats | None = None,
    probabilities: Floats | None = None,
    features: Floats | None = None,
    cheap: bool = False,
    seed: int = 0,
) -> Shortcuts:
    """What the module says.

    Args:
        films: at least 64 px a side. Those that `is_judged` refuses are left out; those of a quality that the split of
            their index keeps for training are never judged.
        facts: (N, F), of `data.file_facts`; without it the view `file` knows size, aspect and mode alone.
        probabilities: (N, K), of `run_model`; NaN if the model was not run. Without it no share is given.
        features: (N, D), of `run_model`; NaN if the model was not run.
        cheap: fewer views, one split, no site left out: at most a minute.
        seed: of folds, trees, shuffles.
    """
    index, numbers = films.index, np.array(films.judged())
    rows = [index.rows[number] for number in numbers]
    labels, groups, site_of = films.labels(numbers), films.groups(numbers), [row.source for row in rows]
    answered = None if probabilities is None else probabilities[numbers]
    design = choose_design(index, rows, answered, cheap=cheap, seed=seed)
    judged, num_classes = design.judged, len(index.classes)
    columns = see(
        films.store, numbers, rows, CHEAP_VIEWS if cheap else views.VIEWS, None if facts is None else facts[numbers]
    )

    predicted = {name: _read(name, x, labels, design.parts, num_classes, seed) for name, x in columns.items()}
    hits = {name: (answer == labels)[judged] for name, answer in predicted.items()}
    chance_hits = labels[judged] == np.bincount(labels[judged]).argmax()
    model_hits = None if answered is None else (answered[judged].argmax(1) == labels[judged])
    judged_groups = [groups[number] for number in judged]
    compared = tuple(
        _compare(name, hit, chance_hits, model_hits, judged_groups, len(hits)) for name, hit in hits.items()
    )
    chance = _accuracy(chance_hits, judged_groups)
    model = None if model_hits is None else _accuracy(model_hits, judged_groups)

    return Shortcuts(
        method=Method(design.name, len(judged), len(set(judged_groups)), cheap),
        chance=chance,
        model=model,
        views=compared,
        source=None
        if features is None
        else sites.site_from_features(features[numbers], labels, site_of, groups, design.parts, index.classes),
        permutation=_permutation(columns[PERMUTED_VIEW], labels, groups, design.parts, num_classes, seed),
        sources=()
        if cheap
        else sites.leave_one_site_out(
            columns["thumbnail"], labels, site_of, groups, index.classes, predicted["thumbnail"]
        ),
        not_estimable=sites.not_estimable(labels, site_of, index.classes),
        verdict=verdict(compared, chance),
    )


def run_model(predictor: Predictor, films: Films, *, with_features: bool = True) -> tuple[Floats, Floats | None]:
    """The probabilities (N, K) and features (N, D) that the audit needs, NaN for films that the model is not run on.

    films: at the model's size. The model is run on the test part, for features on the training part
    too; on all films if the index has no such parts. Raises no error for a film: unreadable ones are passed over.
    """
    index, numbers = films.index, films.judged()
    if has_parts([index.rows[number] for number in numbers]):
        wanted = ("train", "test") if with_features else ("test",)
        numbers = [number for number in numbers if index.rows[number].split in wanted]
    found = [answer for _, answer in answers(predictor, films, numbers)]
    whole = []
    for parts in ([answer.probabilities for answer in found], [answer.features for answer in found]):
        values = np.concatenate(parts)
        array = np.full((len(index.rows), values.shape[1]), np.nan)
        array[numbers] = values
        whole.append(array)
    return whole[0], whole[1] if with_features else None


def choose_design(index: Index, rows: Sequence[Row], answered: Floats | None, *, cheap: bool, seed: int) -> Design:
    """The split of an audit of `rows`: the index's own with a model's answers or a cheap audit, else grouped folds.

    answered: (M, K), the model's answers for the rows, NaN if it was not run: such films are never judged.
    """
    return design_of(index, rows, strata(rows), answered, cheap=cheap, seed=seed)


def design_of(
    index: Index, rows: Sequence[Row], kept_even: Sequence[str], answered: Floats | None, *, cheap: bool, seed: int
) -> Design:
    """As `choose_design`; folds keep the strata `kept_even` (M,) even."""
    comparable = np.ones(len(rows), bool) if answered is None else np.isfinite(answered).all(1)
    if has_parts(rows) and (answered is not None or cheap):
        part = np.array([row.split for row in rows])
        return Design("test", [(np.flatnonzero(part == "train"), np.flatnonzero((part == "test") & comparable))])
    barred = train_only(rows, index.split)
    found = split.folds(kept_even, [row.group for row in rows], count=NUM_FOLDS, train_only=barred, seed=seed)
    fold_of = np.array([-1 if fold is None else fold for fold in found])
    parts = [
        (np.flatnonzero(fold_of != fold), np.flatnonzero((fold_of == fold) & comparable)) for fold in range(NUM_FOLDS)
    ]
    parts = [(train, judged) for train, judged in parts if len(judged)]
    return Design("fold", parts[:1]) if cheap else Design("folds", parts)


def see(
    films: NDArray[np.uint8], numbers: Integers, rows: Sequence[Row], names: Sequence[str], facts: Floats | None
) -> dict[str, Floats]:
    """The columns of each view of some films of a store: name -> (M, D)."""
    parts: dict[str, list[Floats]] = {name: [] for name in names if name != "file"}
    for start in range(0, len(numbers), CHUNK):
        pixels = np.asarray(films[numbers[start : start + CHUNK]])
        masks = lung_fields(pixels) if {"blanked", "lungs"} & set(names) else None
        for name, found in parts.items():
            of_lungs = (masks,) if name in ("blanked", "lungs") else ()
            found.append(getattr(views, name)(pixels, *of_lungs))
    seen = {name: np.concatenate(found) for name, found in parts.items()}
    return {name: views.file(rows, facts) if name == "file" else seen[name] for name in names}


def verdict(compared: Sequence[View], chance: Estimate) -> Verdict:
    """The word on the whole."""
    lungless = [row for row in compared if row.name in views.LUNGLESS]
    worst = max([row for row in lungless if row.flagged] or lungless, key=lambda row: row.accuracy.value)
    gain = (worst.accuracy.value - chance.value) / max(1 - chance.value, 1e-9)
    code = judge(worst.share, gain) if worst.flagged else "clear"
    return Verdict(code, worst.name, worst.share, worst.accuracy)


def judge(share: Estimate | None, gain: float) -> str:
    """The code of a verdict on a flagged view: by its share of what the model adds, else of what any model could."""
    if share is None:
        return "data-untrusted" if gain >= UNTRUSTED_SHARE else "data-doubted"
    if not share.estimable:
        return "model-adds-nothing"
    return "untrusted" if share.value >= UNTRUSTED_SHARE else "doubted"


def has_parts(rows: Sequence[Row]) -> bool:
    """Whether there are films to train on and films to test on."""
    return {"train", "test"} <= {row.split for row in rows}


def _read(name: str, columns: Floats, labels: Integers, parts: Parts, num_classes: int, seed: int) -> Integers:
    """What a view's probe says of each film (N,), -1 if it is not judged."""
    predicted = np.full(len(labels), -1)
    for train, judged in parts:
        data = columns[train], labels[train], columns[judged], num_classes
        found = logistic(*data) if name in LINEAR_VIEWS else boosted(*data, seed=seed)
        predicted[judged] = found.argmax(1)
    return predicted


def _accuracy(hits: Booleans, groups: Sequence[str]) -> Estimate:
    return shares(hits[:, None], np.ones((len(hits), 1), bool), groups)[0]


def _compare(
    name: str, hits: Booleans, chance: Booleans, model: Booleans | None, groups: Sequence[str], num_views: int
) -> View:
    """The row of one view."""
    return View(
        name=name,
        lungless=name in views.LUNGLESS,
        accuracy=_accuracy(hits, groups),
        share=None if model is None else share_of_gain(hits, chance, model, groups),
        flagged=beats(hits, chance, groups, level=FLAG_LEVEL / num_views),
    )


def beats(hits: Booleans, others: Booleans, groups: Sequence[str], *, level: float) -> bool:
    """Whether hits (N,) are more than others (N,) beyond chance: one-sided, the groups being independent."""
    difference = hits.astype(float) - others
    group_of_film = np.unique(np.asarray(groups), return_inverse=True)[1]
    mean = float(difference.mean())
    num_groups = int(group_of_film.max()) + 1
    if num_groups < 2:
        return False
    deviations = np.bincount(group_of_film, difference - mean)
    error = np.sqrt(num_groups / (num_groups - 1) * float(deviations @ deviations)) / len(hits)
    return bool(mean > NormalDist().inv_cdf(1 - level) * error)


def share_of_gain(hits: Booleans, chance: Booleans, model: Booleans, groups: Sequence[str]) -> Estimate:
    """(view - chance) / (model - chance), clipped at 0, by the bootstrap over groups; NaN if the model may gain 0.

    hits, chance, model: (N,), whether each was right about each film.
    """
    n = len(hits)
    group_of_film = np.unique(np.asarray(groups), return_inverse=True)[1]
    gains = np.column_stack([hits, model]).astype(float) - chance[:, None]
    sums = group_sums(gains, group_of_film)  # (G, 2)
    drawn = resampled(sums)
    if len(sums) < 2 or percentiles(drawn[:, 1], float(sums[:, 1].sum()))[0] <= 0:
        return Estimate(float("nan"), float("nan"), float("nan"), n)
    return ratio_of_gains(float(gains[:, 0].sum()), float(gains[:, 1].sum()), drawn, n)


def ratio_of_gains(view: float, model: float, drawn: Floats, n: int) -> Estimate:
    """What a view gains over what the model does, clipped at 0; `drawn`: both in bootstrap replicates, (R, 2)."""
    value = max(0.0, view / model)
    replicates = np.where(drawn[:, 1] > 0, np.maximum(ratio(drawn[:, 0], drawn[:, 1]), 0), np.nan)
    return Estimate(value, *percentiles(replicates, value), n)


def _permutation(
    columns: Floats, labels: Integers, groups: Sequence[str], parts: Parts, num_classes: int, seed: int
) -> Permutation:
    """The row of the permutation test."""
    p, right, shuffled = permutation_test(columns, labels, groups, parts, num_classes, seed=seed)
    judged = np.concatenate([part for _, part in parts])
    return Permutation(
        view=PERMUTED_VIEW,
        n=NUM_PERMUTATIONS,
        p=p,
        accuracy=_accuracy(right[judged], [groups[number] for number in judged]),
        highest=float(shuffled.max()) / len(judged),
    )
