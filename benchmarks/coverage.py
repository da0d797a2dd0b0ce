"""How often do the 95 % intervals hold the truth? Simulated on a fixed grid.

    python benchmarks/coverage.py [--quick] [--write] [--figure NAME]

A cell is a kind of figure, a number of groups, films a group, and the true value; its coverage is the share of
simulated test sets whose interval holds that value. Nominal are 95 %, 93 to 97 % are the goal. What covers less is
printed with `miss`, and so marked wherever `plainfilm` prints such a figure; what covers more with `wide`: a cautious
interval, mostly where errors are so few that no method can do better without missing elsewhere.

- Shares of films of their own: exact, from the binomial distribution. In groups: each group has a share of its own,
  drawn from a beta distribution that correlates its films by 0.5.
- AUC: normal scores of equal variance; in groups half of the variance is common to a group.
- The other figures: three classes, logits with normal noise, half of its variance common to a group, and the true class
  raised by 1.5 (hard) or 4 (easy). The truth is what 300,000 films of their own show.
- Difference of accuracies: two models each right alone on the given shares of films.

--write puts the table into `plainfilm/evaluation/coverage.json`, where the program looks a figure up, and into
`docs/intervals.md` and `docs/intervals.zh.md`, between the two marks. --quick: a tenth of the test sets. --figure: only
the cells of one figure over all classes; the others, and the date, stay as they are.
"""

import argparse
import datetime
import json
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import NormalDist

import numpy as np

from plainfilm.estimate import Estimate
from plainfilm.evaluation import registry
from plainfilm.evaluation.coverage import LOWEST, TABLE, Cell
from plainfilm.evaluation.coverage import cells as stored_cells
from plainfilm.evaluation.intervals import accuracy_difference, delong, shares, wilson
from plainfilm.evaluation.registry import Figure, estimates_of
from plainfilm.evaluation.resampling import Drawn, Sample
from plainfilm.io import files
from plainfilm.messages import text
from plainfilm.model.decision import softmax
from plainfilm.randomness import generator

HIGHEST = 0.97
NUM_SETS = {"share": 2000, "auc": 4000, "classes": 1000, "difference": 1000}
SHARES = (0.5, 0.8, 0.9, 0.95, 0.98, 0.999)
SHARE_GROUPS = {1: (10, 20, 60, 120, 400, 1000), 3: (10, 20, 60, 200), 8: (10, 20, 60, 200)}
AUCS = (0.8, 0.9, 0.95, 0.99, 0.999)
AUC_GROUPS = ((10, 10), (20, 20), (60, 60), (200, 200), (20, 180))
CLASS_GROUPS = (20, 60, 200)  # of each of three classes
SEPARATIONS = (1.5, 4.0)
SIMULATED_APART = ("share", "auc")  # kinds; the others are figures of three classes
DIFFERENCES = ((0.02, 0.02), (0.05, 0.02), (0.1, 0.05))
DIFFERENCE_GROUPS = (60, 200)
CLUSTERS = (1, 3)
CORRELATION = 0.5
NUM_FOR_TRUTH = 300_000
DOCUMENTS = Path(__file__).parents[1] / "docs"
MARKS = ("<!-- table: benchmarks/coverage.py --write -->", "<!-- end of table -->")
WORDS = {
    "en": {
        "head": "| figure | groups | films a group | covers (true value: coverage) |\n|---|---|---|---|",
        "note": "{date}; simulated test sets a cell and Monte-Carlo error (one standard error at 95 %): {errors}; "
        "shares of films of their own are exact.",
        "miss": "miss",
        "wide": "wide",
    },
    "zh": {
        "head": "| 指标 | 组数 | 每组胶片数 | 覆盖率（真值：覆盖率） |\n|---|---|---|---|",
        "note": "{date}；每格的模拟测试集数与蒙特卡罗误差（95 % 处的一个标准误）：{errors}；"
        "每组一张胶片的比例是精确算出的。",
        "miss": "不足",
        "wide": "偏宽",
    },
}
NAMES = {
    "share": ("share (accuracy, sensitivity, ...)", "比例（准确率、灵敏度等）"),
    "auc": ("AUC", "AUC"),
    **{
        figure.name: tuple(text(f"figure.{figure.name}", language) for language in ("en", "zh"))
        for figure in registry.FIGURES
        if figure.coverage_kind == figure.name != "auc"
    },
    "difference": ("difference of accuracies", "准确率之差"),
}


def exact_share(groups: int, value: float) -> Cell:
    """A share of films of their own: the binomial probability of the counts whose interval holds it."""
    logs = [math.lgamma(groups + 1) - math.lgamma(k + 1) - math.lgamma(groups - k + 1) for k in range(groups + 1)]
    likely = [math.exp(log + k * math.log(value) + (groups - k) * math.log(1 - value)) for k, log in enumerate(logs)]
    covered = [holds(wilson(k, groups), value) for k in range(groups + 1)]
    return Cell("share", (groups,), 1, value, round(float(np.dot(likely, covered)), 4))


def share(groups: int, cluster: int, value: float, sets: int) -> Cell:
    """A share of films in groups."""
    random = generator(0, "coverage", "share", groups, cluster, str(value))
    both = (1 - CORRELATION) / CORRELATION
    own = random.beta(value * both, (1 - value) * both, size=(groups, sets))
    hits = random.random((groups * cluster, sets)) < np.repeat(own, cluster, axis=0)
    names = np.repeat(np.arange(groups), cluster)
    parts = np.split(hits, range(500, sets, 500), axis=1)  # all sets at once would take gigabytes
    estimates = [found for part in parts for found in shares(part, np.ones_like(part), names)]
    return Cell("share", (groups,), cluster, value, held(estimates, value))


def auc(groups: tuple[int, int], cluster: int, value: float, sets: int) -> Cell:
    """An AUC of normal scores."""
    random = generator(0, "coverage", "auc", *groups, cluster, str(value))
    shift = math.sqrt(2) * NormalDist().inv_cdf(value)
    group = np.repeat(np.arange(sum(groups)), cluster)
    positive = group < groups[0]
    estimates = [delong(noise(random, group)[:, 0] + shift * positive, positive, group) for _ in range(sets)]
    return Cell("auc", groups, cluster, value, held(estimates, value))


def classes(
    groups: int, cluster: int, separation: float, sets: int, figures: Sequence[Figure] = registry.FIGURES
) -> list[Cell]:
    """The figures of three classes, which one bootstrap gives together."""
    random = generator(0, "coverage", "classes", groups, cluster, str(separation))
    truth = true_figures(separation)
    group = np.repeat(np.arange(3 * groups), cluster)
    labels, found = group % 3, []
    for _ in range(sets):
        found.append(estimates_of(Sample(drawn(random, group, labels, separation), labels, group), figures))
    return [
        Cell(
            figure.name,
            (groups,) if figure.per_class else (3 * groups,),
            cluster,
            round(truth[figure.name], 4),
            held([entry[figure.name][0] for entry in found], truth[figure.name]),
        )
        for figure in figures
        if figure.coverage_kind not in SIMULATED_APART
    ]


def difference(groups: int, cluster: int, gain: float, loss: float, sets: int) -> Cell:
    """The difference of accuracies of two models, one of which alone is right on `gain` or `loss` of the films."""
    random = generator(0, "coverage", "difference", groups, cluster, str(gain), str(loss))
    group, estimates = np.repeat(np.arange(groups), cluster), []
    for _ in range(sets):
        fate = random.random(groups)[group]
        if cluster > 1:
            fate = np.where(random.random(len(group)) < CORRELATION, fate, random.random(len(group)))
        first, second = fate >= gain, ~((fate >= gain) & (fate < gain + loss))
        estimates.append(accuracy_difference(first, second, group.tolist()))
    value = gain - loss
    return Cell("difference", (groups,), cluster, round(value, 4), held(estimates, value))


def drawn(random: np.random.Generator, group: np.ndarray, labels: np.ndarray, separation: float) -> np.ndarray:
    """Probabilities (N, 3) of films whose true class is raised."""
    logits = noise(random, group, 3)
    logits[np.arange(len(group)), labels] += separation
    return softmax(logits, 1.0)


def noise(random: np.random.Generator, group: np.ndarray, width: int = 1) -> np.ndarray:
    """Standard normal noise (N, width); where groups have several films, half of its variance is the group's."""
    own = random.normal(size=(len(group), width))
    num_groups = group.max() + 1
    if num_groups == len(group):
        return own
    common = random.normal(size=(num_groups, width))[group]
    return math.sqrt(CORRELATION) * common + math.sqrt(1 - CORRELATION) * own


def true_figures(separation: float) -> dict[str, float]:
    """What very many films of their own show."""
    group = np.arange(NUM_FOR_TRUTH)
    labels = group % 3
    probabilities = drawn(generator(0, "coverage", "truth", str(separation)), group, labels, separation)
    drawn_once = Drawn(Sample(probabilities, labels, group), np.ones((1, NUM_FOR_TRUTH)))
    return {figure.name: float(figure.drawn(drawn_once).mean()) for figure in registry.FIGURES if figure.drawn}


def holds(estimate: Estimate, value: float) -> bool:
    """Whether the interval holds the value."""
    return bool(estimate.low <= value <= estimate.high)


def held(estimates: Sequence[Estimate], value: float) -> float:
    """The share of intervals that hold the value."""
    return round(sum(holds(estimate, value) for estimate in estimates) / len(estimates), 4)


def simulate(sets: dict[str, int]) -> Iterator[Cell]:
    """The whole grid."""
    for cluster, sizes in SHARE_GROUPS.items():
        for groups in sizes:
            for value in SHARES:
                yield exact_share(groups, value) if cluster == 1 else share(groups, cluster, value, sets["share"])
    for cluster in CLUSTERS:
        for pair in AUC_GROUPS:
            for value in AUCS:
                yield auc(pair, cluster, value, sets["auc"])
        for groups in CLASS_GROUPS:
            for separation in SEPARATIONS:
                yield from classes(groups, cluster, separation, sets["classes"])
        for groups in DIFFERENCE_GROUPS:
            for gain, loss in DIFFERENCES:
                yield difference(groups, cluster, gain, loss, sets["difference"])


def simulate_alone(name: str, sets: dict[str, int]) -> Iterator[Cell]:
    """The cells of one figure over all classes, on the test sets of the whole grid."""
    figures = [figure for figure in registry.FIGURES if figure.name in (name, "accuracy")]  # intervals rest on that one
    for cluster in CLUSTERS:
        for groups in CLASS_GROUPS:
            for separation in SEPARATIONS:
                yield from classes(groups, cluster, separation, sets["classes"], figures)


def judged(coverage: float) -> str:
    """What is to be said of a cell: miss, wide, or nothing."""
    return "miss" if coverage < LOWEST else "wide" if coverage > HIGHEST else ""


def table(cells: Sequence[Cell], sets: dict[str, int], date: str, language: str) -> str:
    """The table in Markdown, a line for each kind, number of groups and films a group."""
    words, column = WORDS[language], ("en", "zh").index(language)
    cells = sorted(cells, key=lambda cell: list(NAMES).index(cell.kind))
    lines = [words["head"]]
    for kind, groups, cluster in dict.fromkeys((cell.kind, cell.groups, cell.cluster) for cell in cells):
        shown = [
            f"{cell.value:g}: {100 * cell.coverage:.1f} % {words.get(judged(cell.coverage), '')}".strip()
            for cell in cells
            if (cell.kind, cell.groups, cell.cluster) == (kind, groups, cluster)
        ]
        lines.append(f"| {NAMES[kind][column]} | {' + '.join(map(str, groups))} | {cluster} | {'; '.join(shown)} |")
    errors = ", ".join(
        f"{kind} {count} (±{100 * math.sqrt(0.95 * 0.05 / count):.1f} %)" for kind, count in sets.items()
    )
    return "\n".join([*lines, "", words["note"].format(date=date, errors=errors)])


def write(cells: Sequence[Cell], sets: dict[str, int], date: str) -> None:
    """Write the table where the program and where people look for it."""
    rows = [[cell.kind, cell.groups, cell.cluster, cell.value, cell.coverage] for cell in cells]
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    files.write_text(
        TABLE, f'{{"date": "{date}", "level": 0.95, "sets": {json.dumps(sets)}, "cells": [\n{lines}\n]}}\n'
    )
    for language, name in (("en", "intervals.md"), ("zh", "intervals.zh.md")):
        path = DOCUMENTS / name
        inside = f"{MARKS[0]}\n{table(cells, sets, date, language)}\n{MARKS[1]}"
        before, _, rest = path.read_text(encoding="utf-8").partition(MARKS[0])
        files.write_text(path, before + inside + rest.partition(MARKS[1])[2])


def main() -> None:
    """Simulate, print, and with --write store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--figure", choices=[figure.name for figure in registry.overall()])
    arguments = parser.parse_args()
    if arguments.quick and arguments.write:
        parser.error("--quick is for looking; --write wants all test sets")
    sets = {kind: count // 10 if arguments.quick else count for kind, count in NUM_SETS.items()}
    cells = []
    for cell in simulate(sets) if arguments.figure is None else simulate_alone(arguments.figure, sets):
        cells.append(cell)
        where = f"{cell.kind:18} {'+'.join(map(str, cell.groups)):>9} groups of {cell.cluster}"
        print(f"{where}  {cell.value:<7g} {100 * cell.coverage:5.1f} % {judged(cell.coverage)}", flush=True)
    counts = {word: sum(judged(cell.coverage) == word for cell in cells) for word in ("", "wide", "miss")}
    print(f"{len(cells)} cells: {counts['']} within 93 to 97 %, {counts['wide']} above, {counts['miss']} below")
    date = datetime.date.today().isoformat()
    if arguments.figure is not None:
        cells = [cell for cell in stored_cells() if cell.kind != arguments.figure] + cells
        date = json.loads(TABLE.read_text(encoding="utf-8"))["date"]
    if arguments.write:
        write(cells, sets, date)


if __name__ == "__main__":
    main()
