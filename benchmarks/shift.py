"""Does a model know when it is abroad? Power on sites that it has never seen, false alarms at home, what it costs.

    python benchmarks/shift.py RUN DATA [--batches 1000]

RUN: a run on DATA/covid-radiography. Batches of 50 films are drawn without replacement, as the input check lets them
pass: of each site abroad; of the run's own test films, as they come and of one class alone; and, home halved by groups
again and again, of one half, judged by the summary of the other. Watching is simulated: streams of windows of films
from the fitted density, each with an error of the summary of its own.
"""

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from plainfilm.config import load_recipe
from plainfilm.data.film_index import Index, read_index, with_known_labels
from plainfilm.data.films import Films
from plainfilm.evaluation.evaluation import answers
from plainfilm.io.run_folder import Run
from plainfilm.model.input_measures import describe
from plainfilm.model.predictor import Predictor
from plainfilm.model.shift import WINDOW, Home, Placed, level_of_window
from plainfilm.model.shift_fit import HomeFilms, fit_home
from plainfilm.records import as_dict
from plainfilm.workflows.external_test import NO_SPLIT
from plainfilm.workflows.prepare import scanned

ABROAD = {  # folder: archive; judged source by source
    "adult-sources": "images.zip",
    "openist": "films.zip",
    "external-ieee8023": "images.zip",
    "nih-findings": "films.zip",
}
HALVINGS, STREAMS, WINDOWS = 100, 300, 10_000
SEED = 0


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("data", type=Path)
    parser.add_argument("--batches", type=int, default=1000)
    options = parser.parse_args()
    run, random = Run(options.run), np.random.default_rng(SEED)
    predictor = Predictor(run.model, threads=1)
    home, classes = predictor.home, predictor.card.class_names
    assert home is not None
    print("| films | n | passed | unlike one by one | batches of 50 called abroad | right |")
    print("|---|---|---|---|---|---|")
    films = own_films(run)
    test = films.judged(films.part("test"))
    named = {"own test films": test}
    named |= {
        f"own test films, {name} alone": [r for r in test if films.index.rows[r].label == name] for name in classes
    }
    for name, rows in named.items():
        print_line(name, home, *placed_of(predictor, films, rows), options.batches, random)
    for folder, archive in ABROAD.items():
        for name, found in sites(predictor, options.data / folder, archive):
            print_line(name, home, *placed_of(predictor, found, found.index.part("test")), options.batches, random)
    share, count = halved(predictor, films, random)
    print(f"home halved by groups {HALVINGS} times, {count} batches: {100 * share:.2f} % called abroad")
    print(f"{STREAMS} streams of {WINDOWS} windows: {alarms(home, random)} alarms")
    print(f"summary: {len(json.dumps(as_dict(predictor.card.shift))) / 1000:.0f} kB; {cost(predictor, films, test)}")


def own_films(run: Run) -> Films:
    """The films of the run."""
    recipe, index = load_recipe(str(run.recipe)), read_index(run.index)
    films = Films.open(index, run.folder, size_px=recipe.size_px, fit=recipe.data.fit)
    assert films is not None
    return films


def sites(predictor: Predictor, folder: Path, archive: str) -> Iterator[tuple[str, Films]]:
    """The films of each source of an archive, those of a known class; of NIH, which has none, all."""
    wanted = predictor.card.preprocessing
    with scanned([folder / archive], [folder / "metadata.csv"], size_px=wanted.size, fit=wanted.fit) as (
        _,
        found,
        store,
    ):
        rows = with_known_labels(found, predictor.card.class_names)
        for source in sorted({row.source for row in rows}):
            is_labelled = folder.name != "nih-findings"
            chosen = [
                replace(
                    row,
                    split="test"
                    if row.source == source
                    and row.image_id
                    and (row.label in predictor.card.class_names or not is_labelled)
                    else "",
                )
                for row in rows
            ]
            yield source, Films.of(Index(tuple(chosen), (), predictor.card.class_names, NO_SPLIT), np.asarray(store))


def placed_of(predictor: Predictor, films: Films, rows: Sequence[int]) -> tuple[list[Placed], int, float]:
    """Where the films lie that the input check lets pass; how many there are in all; the share that is called right."""
    placed, right = [], []
    for pixels, part in answers(predictor, films, rows):
        own = [films.index.rows[row] for row in rows[len(right) : len(right) + len(pixels)]]
        sizes = zip(*((row.width, row.height, row.chroma) for row in own), strict=True)
        verdicts, beside = predictor.judge(pixels, part, *sizes)
        placed += [film for film, verdict in zip(beside, verdicts, strict=True) if film is not None and verdict.passed]
        names = [predictor.card.class_names[number] for number in part.probabilities.argmax(axis=1)]
        right += [name == row.label for name, row in zip(names, own, strict=True)]
    return placed, len(rows), float(np.mean(right))


def print_line(
    name: str, home: Home, placed: list[Placed], count: int, right: float, batches: int, random: np.random.Generator
) -> None:
    """A line of the table."""
    unlike = np.mean([film.is_unlike for film in placed])
    size = min(WINDOW, len(placed))
    called = [
        home.judge([placed[i] for i in random.choice(len(placed), size, replace=False)]).is_abroad
        for _ in range(batches)
    ]
    told = f"{100 * np.mean(called):.1f} %" + ("" if size == WINDOW else f" (of {size})")
    print(f"| {name} | {count} | {len(placed)} | {100 * unlike:.1f} % | {told} | {100 * right:.1f} % |", flush=True)


def halved(predictor: Predictor, films: Films, random: np.random.Generator) -> tuple[float, int]:
    """The share of batches of one half of home, by groups, that the summary of the other half calls abroad."""
    rows = films.judged([*films.part("validation"), *films.part("test")])
    parts = [part for _, part in answers(predictor, films, rows)]
    features, logits = (np.concatenate([getattr(part, name) for part in parts]) for name in ("features", "logits"))
    groups = films.groups(rows)
    all_films = HomeFilms.of(
        features, *describe(films.store[rows]), logits.argmax(axis=1), groups, np.ones(len(rows), bool)
    )
    num_groups, called = int(all_films.groups.max()) + 1, []
    for number in range(HALVINGS):
        is_first = (random.permutation(num_groups) < num_groups / 2)[all_films.groups]
        summary = fit_home(all_films.some(is_first), len(films.index.classes), seed=number)
        assert summary is not None
        home = Home.from_card(summary, num_features=features.shape[1], num_classes=len(films.index.classes))
        second = all_films.some(~is_first)
        offsets = home.offsets(second.points, second.answers)
        placed = [Placed(int(a), o, 0.0) for a, o in zip(second.answers, offsets, strict=True)]
        for _ in range(10):
            batch = random.choice(len(placed), WINDOW, replace=False)
            called.append(home.judge([placed[i] for i in batch]).is_abroad)
    return float(np.mean(called)), len(called)


def alarms(home: Home, random: np.random.Generator) -> int:
    """How many streams of home windows alarm at least once."""
    limits = np.array([home.limit(1, level_of_window(number)) for number in range(1, WINDOWS + 1)])
    found = 0
    for _ in range(STREAMS):
        distance = np.zeros(WINDOWS)
        for block in home.blocks.values():
            size, bias = block.axes.shape[1], 1 / block.groups.sum()
            error = random.normal(0, np.sqrt(bias), size)
            means = random.standard_normal((WINDOWS, size)) / np.sqrt(WINDOW) + error
            distance += np.square(means).sum(1) / (1 / WINDOW + bias)
        found += bool((distance > limits).any())
    return found


def cost(predictor: Predictor, films: Films, rows: Sequence[int]) -> str:
    """How long it takes beside an answer of a film, pairs interleaved."""
    rows = rows[:64]
    pixels = films.pixels(rows, predictor.card.preprocessing.channels)
    described = describe(pixels[:, 0])
    whole, own = [], []
    assert predictor.home is not None
    for _ in range(20):
        began = time.monotonic()
        part = predictor.answer(pixels)
        describe(pixels[:, 0])
        middle = time.monotonic()
        predictor.home.place(part.logits.argmax(axis=1), part.features, *described)
        whole.append(middle - began)
        own.append(time.monotonic() - middle)
    return f"{100 * np.median(np.array(own) / np.array(whole)):.2f} % of an answer"


if __name__ == "__main__":
    main()
