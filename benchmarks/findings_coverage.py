"""How often do the 95 % intervals of a finding's figures hold the truth, and do its sets keep their promise?

    python benchmarks/findings_coverage.py [--quick]

Simulated test sets of 560 patients with 1 to 4 films each, about 1,400 films. A patient has a finding by chance, and
shows it on each film by an even chance; so the number of positives is the one given on average, and they are those of
fewer patients. Scores are normal with equal variance, half of it common to a patient's films: AUC 0.75 for the first
model, 0.70 for a second one whose noise correlates by 0.6. Probabilities are right, or overconfident (log-odds 1.6
times as large). The truth of average precision, Brier score and calibration error is integrated. Macro means are over
four findings that share half of what is common to a patient's films.

Sets: fitted on one such set of films, with the coverage of 95 %, and judged on the positives, then on the negatives, of
others: films of one patient share one count. Once with groups, once with a film a patient; `too few` where most fits
had fewer than the 19 patients, else the fits that had them count.

Prints a Markdown table; --quick: a tenth of the test sets.
"""

import argparse
import datetime
import math
import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import NormalDist

import numpy as np

from plainfilm.estimate import Estimate
from plainfilm.evaluation.decisions import measure_points
from plainfilm.evaluation.findings_calibration import calibrate_findings
from plainfilm.evaluation.findings_metrics import MACRO, compared, macro_means
from plainfilm.evaluation.intervals import shares
from plainfilm.evaluation.known import (
    Known,
    auc_estimate,
    average_precision_estimate,
    brier_estimate,
    calibration_error,
    known_films,
)
from plainfilm.evaluation.reliability import EDGES, NUM_BINS
from plainfilm.model.findings import probabilities_of, sets_of, sigmoid
from plainfilm.randomness import generator

POSITIVES = (10, 20, 50, 360)
NUM_PATIENTS = 560
SIZES = (1, 2, 3, 4)  # films of a patient
NUM_FILMS = NUM_PATIENTS * sum(SIZES) / len(SIZES)  # on average
SHOWN = 0.5  # share of the films of a patient with a finding that show it
CORRELATION = 0.5  # of the noise of a patient's films
SEPARATION, SECOND = (math.sqrt(2) * NormalDist().inv_cdf(auc) for auc in (0.75, 0.70))
LIKENESS = 0.6  # of the noise of both models
OVERCONFIDENT = 1.6
NUM_MACRO = 4
WORDS = {"auc": "AUC", "average_precision": "average precision", "brier": "Brier score"}
COVERAGE = 0.95
SENSITIVITY = 0.9
NUM_SETS = {"cheap": 2000, "shares": 150, "calibration": 50, "macro": 50, "sets": 300}
NUM_JUDGED = 20  # further sets of films that the sets of a fit are judged on


@dataclass(frozen=True)
class Drawn:
    """Films of patients, what they show, and two models' scores."""

    group: np.ndarray  # (N,)
    present: np.ndarray  # (N, K)
    scores: np.ndarray  # (N, K)
    second: np.ndarray  # (N, K)

    def known(self, probabilities: np.ndarray) -> list[Known]:
        """The films of each finding."""
        return known_films(probabilities, self.present.astype(np.float64), self.group.tolist())


def draw(random: np.random.Generator, positives: int, num_findings: int = 1, *, alone: bool = False) -> Drawn:
    """Films of which so many, on average, show each finding; `alone`: a film a patient, as many films."""
    sizes = np.ones(int(NUM_FILMS), int) if alone else random.choice(SIZES, NUM_PATIENTS)
    group = np.repeat(np.arange(len(sizes)), sizes)
    ill = random.random((len(sizes), num_findings)) < prevalence(positives) / SHOWN
    present = ill[group] & (random.random((len(group), num_findings)) < SHOWN)
    common = [random.normal(size=(len(sizes), width))[group] for width in (1, num_findings)]
    of_patient = sum(common) / math.sqrt(2) if num_findings > 1 else common[1]
    own = random.normal(size=present.shape)
    noise = math.sqrt(CORRELATION) * of_patient + math.sqrt(1 - CORRELATION) * own
    other = LIKENESS * noise + math.sqrt(1 - LIKENESS**2) * random.normal(size=present.shape)
    return Drawn(group, present, noise + SEPARATION * present, other + SECOND * present)


def prevalence(positives: int) -> float:
    """The share of films that show it."""
    return positives / NUM_FILMS


def log_odds(scores: np.ndarray, positives: int) -> np.ndarray:
    """The log-odds that films of these scores show it."""
    share = prevalence(positives)
    return SEPARATION * scores - SEPARATION**2 / 2 + math.log(share / (1 - share))


@cache
def truths(positives: int) -> dict[str, float]:
    """The true figures."""
    grid = np.linspace(-8, 10, 200_001)
    share, width = prevalence(positives), grid[1] - grid[0]
    ill, well = (np.exp(-((grid - mean) ** 2) / 2) / math.sqrt(2 * math.pi) * width for mean in (SEPARATION, 0.0))
    true, false = (np.cumsum(part[::-1])[::-1] for part in (share * ill, (1 - share) * well))
    right, wrong = (sigmoid(scale * log_odds(grid, positives)) for scale in (1.0, OVERCONFIDENT))
    excess = wrong * (share * ill + (1 - share) * well) - share * ill
    specificity = NormalDist().cdf(threshold())
    bins = np.bincount(np.searchsorted(EDGES[1:-1], wrong), excess, NUM_BINS)
    return {
        "auc": 0.75,
        "average_precision": float((ill * true / (true + false)).sum()),
        "brier": float((share * ill * (1 - right) ** 2 + (1 - share) * well * right**2).sum()),
        "overconfident": float(np.abs(bins).sum()),
        "sensitivity": SENSITIVITY,
        "specificity": specificity,
        "predictive value": share * SENSITIVITY / (share * SENSITIVITY + (1 - share) * (1 - specificity)),
        "difference": 0.05,
    }


def threshold() -> float:
    """Of the score, at the sensitivity."""
    return SEPARATION - NormalDist().inv_cdf(SENSITIVITY)


# --- what is simulated: the estimate of each figure with its truth, for one draw -------------------------------------

Found = Iterator[tuple[str, Estimate, float]]


def cheap(random: np.random.Generator, positives: int) -> Found:
    """Figures without replicates."""
    drawn, truth = draw(random, positives), truths(positives)
    (known,) = drawn.known(drawn.scores)
    yield WORDS["auc"], auc_estimate(known), truth["auc"]
    yield WORDS["average_precision"], average_precision_estimate(known), truth["average_precision"]
    (other,) = drawn.known(drawn.second)
    found = compared([(other, known)], auc_estimate(other), auc_estimate(known))
    yield "difference of AUC", found.difference, truth["difference"]


def of_shares(random: np.random.Generator, positives: int) -> Found:
    """Sensitivity, specificity, what share of the films above the threshold shows it, Brier score."""
    drawn, truth = draw(random, positives), truths(positives)
    right = sigmoid(log_odds(drawn.scores, positives))
    (known,) = drawn.known(right)
    scores = np.hstack([-drawn.scores, drawn.scores])
    _, ((sensitivity, specificity),) = measure_points(
        scores, drawn.present[:, 0].astype(np.int64), drawn.group.tolist(), [[], [threshold()]]
    )
    yield "sensitivity", sensitivity, truth["sensitivity"]
    yield "specificity", specificity, truth["specificity"]
    called = drawn.scores >= threshold()
    (value,) = shares(drawn.present, called, drawn.group.tolist())
    yield "predictive value", value, truth["predictive value"]
    yield WORDS["brier"], brier_estimate(known), truth["brier"]


def of_calibration(random: np.random.Generator, positives: int) -> Found:
    """The calibration error of probabilities that are right, and of overconfident ones."""
    drawn, truth = draw(random, positives), truths(positives)
    odds = log_odds(drawn.scores, positives)
    for name, scale, true in (("right", 1.0, 0.0), ("overconfident", OVERCONFIDENT, truth["overconfident"])):
        (known,) = drawn.known(sigmoid(scale * odds))
        yield f"calibration error, {name}", calibration_error(known)[0], true


def of_macro(random: np.random.Generator, positives: int) -> Found:
    """Macro means, and the difference of two of them; every finding has so many positives on average."""
    drawn, truth = draw(random, positives, NUM_MACRO), truths(positives)
    findings = drawn.known(sigmoid(log_odds(drawn.scores, positives)))
    figures = {"auc": auc_estimate, "average_precision": average_precision_estimate, "brier": brier_estimate}
    assert figures.keys() == MACRO.keys()
    estimates = {name: [figure(known) for known in findings] for name, figure in figures.items()}
    means = macro_means(findings, estimates)
    for name, found in means.items():
        yield f"macro {WORDS[name]}", found, truth[name]
    others = drawn.known(drawn.second)
    second = macro_means(others, {"auc": [auc_estimate(known) for known in others]})["auc"]
    found = compared(list(zip(others, findings, strict=True)), second, means["auc"]).difference
    yield "difference of macro AUC", found, truth["difference"]


SIMULATED: dict[str, Callable[[np.random.Generator, int], Found]] = {
    "cheap": cheap,
    "shares": of_shares,
    "calibration": of_calibration,
    "macro": of_macro,
}


def held(kind: str, positives: int, count: int) -> dict[str, float]:
    """The share of intervals that hold the truth, by figure; what is not estimable is not counted."""
    random = generator(0, "findings-coverage", kind, positives)
    inside: dict[str, list[bool]] = {}
    for _ in range(count):
        for name, estimate, truth in SIMULATED[kind](random, positives):
            if estimate.estimable:
                inside.setdefault(name, []).append(bool(estimate.low <= truth <= estimate.high))
    return {name: float(np.mean(entries)) for name, entries in inside.items()}


def sets_held(positives: int, count: int, *, alone: bool) -> dict[str, float]:
    """The mean coverage of the sets of `count` fits among positives and negatives of other films; NaN: too few."""
    random = generator(0, "findings-coverage", "sets", positives, str(alone))
    judged = draw(random, positives, NUM_JUDGED, alone=alone)
    covered: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(count):
        drawn = draw(random, positives, alone=alone)
        fitted = calibrate_findings(
            drawn.scores,
            drawn.present.astype(np.float32),
            drawn.group.tolist(),
            coverage=COVERAGE,
            sensitivities=(),
            of="out-of-fold",
        )
        (decision,) = fitted.findings
        held_by = sets_of(probabilities_of(judged.scores[..., None], fitted)[..., 0], fitted)
        for side, cut, inside in zip((True, False), (decision.present, decision.absent), held_by, strict=True):
            if cut is not None:
                covered[side].append(by_patient(inside, judged, side))
    words = "one film a patient" if alone else "groups"
    return {
        f"sets of {'positives' if side else 'negatives'}, {words}": (
            float(np.mean(entries)) if 2 * len(entries) > count else math.nan
        )
        for side, entries in covered.items()
    }


def by_patient(inside: np.ndarray, judged: Drawn, side: bool) -> float:
    """The share of films inside (N, K) among those of a side; the films of a patient share one count."""
    films, findings = np.nonzero(judged.present == side)
    cells = judged.group[films] * judged.present.shape[1] + findings
    sizes = np.bincount(cells)
    return float(np.average(inside[films, findings], weights=1 / sizes[cells]))


def row(name: str, shares: Sequence[float], count: int) -> str:
    """A line of the table."""
    cells = ["too few" if math.isnan(share) else f"{100 * share:.1f} %" for share in shares]
    return f"| {name} | {' | '.join(cells)} | {count} |"


def main() -> None:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    quick = parser.parse_args().quick
    counts = {kind: count // 10 if quick else count for kind, count in NUM_SETS.items()}
    began = time.process_time()
    patients = [
        np.mean([len(np.unique(drawn.group[drawn.present[:, 0]])) for _ in range(100) for drawn in [draw(random, n)]])
        for n in POSITIVES
        for random in [generator(0, "findings-coverage", "patients", n)]
    ]
    print(f"| positives, mean (of {NUM_FILMS:.0f} films) | {' | '.join(map(str, POSITIVES))} | test sets |")
    print("|---|" + "---|" * (len(POSITIVES) + 1))
    print(f"| patients with it, mean | {' | '.join(f'{count:.1f}' for count in patients)} | |", flush=True)
    for kind in SIMULATED:
        cells = [held(kind, positives, counts[kind]) for positives in POSITIVES]
        for name in cells[0]:
            print(row(name, [cell[name] for cell in cells], counts[kind]), flush=True)
    for alone in (True, False):
        cells = [sets_held(positives, counts["sets"], alone=alone) for positives in POSITIVES]
        for name in cells[0]:
            print(row(name, [cell[name] for cell in cells], counts["sets"]), flush=True)
    errors = ", ".join(
        f"{count}: ±{100 * math.sqrt(0.95 * 0.05 / count):.1f} %" for count in sorted({*counts.values()})
    )
    print(f"\n{datetime.date.today()}; nominal 95 %; one standard error at 95 % by the number of test sets: {errors}")
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}; "
        f"{time.process_time() - began:.0f} s of one core"
    )


if __name__ == "__main__":
    main()
