"""Does the audit by finding flag a planted marker for its finding alone, and nothing where there is none?

    python benchmarks/findings_selftest.py [--seeds 20] [--first 0] [--films 300] [--rates 0 0.2 0.5 0.8 1]

Phantoms of one look, each with any of five findings that no film shows: drawn at random by patient, of whom every fifth
has two films. View position, sex and age are drawn at random, too, so the family has 5 findings x 9 views. A share of
the films with one finding gets a bright letter at a jittered place near a corner. Printed, for each rate: in how many
seeds corners or border are flagged for that finding, and in how many anything is flagged for another, with intervals.
Goals: at 100 % in every seed; at 0 % any flag in at most 1 of 20.
"""

import argparse
from collections import Counter

import numpy as np
from audit_selftest import SIZE_PX, plant

from plainfilm.audits.finding_probes import audit_findings
from plainfilm.data import phantom
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.evaluation.intervals import wilson
from plainfilm.randomness import generator

SHARES = {"Mass": 0.1, "Edema": 0.15, "Nodule": 0.2, "Effusion": 0.3, "Fibrosis": 0.4}
MARKED = "Nodule"
SEES_MARK = ("border", "corners")
Cells = set[tuple[str, str]]


def main() -> None:
    """Run, and print a line a rate."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--films", type=int, default=300)
    parser.add_argument("--rates", type=float, nargs="+", default=(0.0, 0.2, 0.5, 0.8, 1.0))
    arguments = parser.parse_args()
    flagged: dict[float, list[Cells]] = {rate: [] for rate in arguments.rates}
    for seed in range(arguments.first, arguments.first + arguments.seeds):
        pixels, truth, rows = draw(seed, arguments.films)
        for rate, found in flagged.items():
            found.append(flagged_cells(with_marker(pixels, truth, rate, seed), truth, rows, seed))
    for rate, found in flagged.items():
        hits = [bool({(MARKED, view) for view in SEES_MARK} & cells) for cells in found]
        others = [any(finding != MARKED for finding, _ in cells) for cells in found]
        counted = Counter(cell for cells in found for cell in cells)
        told = ", ".join(f"{finding} {view} {count}" for (finding, view), count in sorted(counted.items()))
        shares = [wilson(sum(of), len(of)) for of in (hits, others)]
        print(f"{rate:4.0%} marked: flagged in {shares[0]}, another finding in {shares[1]}  {told}", flush=True)


def draw(seed: int, num_films: int) -> tuple[np.ndarray, np.ndarray, tuple[Row, ...]]:
    """Films (N, S, S), findings (N, K) and rows: nothing of one has to do with another."""
    pixels = [phantom.draw("NORMAL", seed=seed, number=number, size=SIZE_PX).pixels for number in range(num_films)]
    random = generator(seed, "findings-selftest")
    patients = np.arange(num_films) * 5 // 6
    truth = (random.random((num_films, len(SHARES))) < list(SHARES.values()))[patients]
    rows = tuple(
        Row(
            image_id=str(number),
            group=str(patient),
            width=SIZE_PX,
            height=SIZE_PX,
            mode="L",
            extra={"view": random.choice(["PA", "AP"]), "sex": random.choice(["F", "M"]), "age": f"{age}"},
        )
        for number, (patient, age) in enumerate(zip(patients, random.integers(18, 90, num_films), strict=True))
    )
    return np.stack(pixels), truth.astype(np.float32), rows


def with_marker(pixels: np.ndarray, truth: np.ndarray, rate: float, seed: int) -> np.ndarray:
    """A copy in which `rate` of the films with the finding MARKED carry the letter."""
    return plant(pixels, truth[:, list(SHARES).index(MARKED)], rate, seed)


def flagged_cells(pixels: np.ndarray, truth: np.ndarray, rows: tuple[Row, ...], seed: int) -> Cells:
    """What the audit flags: findings and views."""
    films = Films.of(Index(rows, (), tuple(SHARES), {"kind": "grouped"}), pixels)
    found = audit_findings(films, truth, list(SHARES), seed=seed)
    return {(finding.name, probe.view) for finding in found.findings for probe in finding.probes if probe.flagged}


if __name__ == "__main__":
    main()
