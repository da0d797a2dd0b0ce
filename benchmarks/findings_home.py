"""Is another mix of findings taken for another place? Batches of a findings model's own films, of one part alone.

    python benchmarks/findings_home.py RUN [--batches 1000]

RUN: a run of findings. Its validation and test films, which the network was not trained on, are drawn without
replacement in batches of 50 (of few films, two thirds): as they come, without any finding, with some, and of one view
or source alone. Films of one view are filmed otherwise, so that they may well be called abroad.
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from plainfilm.config import load_recipe
from plainfilm.data.film_index import read_index
from plainfilm.data.films import Films
from plainfilm.evaluation.evaluation import answers
from plainfilm.evaluation.intervals import wilson
from plainfilm.io.run_folder import Run
from plainfilm.model.predictor import Predictor
from plainfilm.model.shift import Home, Placed
from plainfilm.randomness import generator

BATCH = 50


def main() -> None:
    """Print a line a part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("--batches", type=int, default=1000)
    options = parser.parse_args()
    run = Run(options.run)
    recipe, predictor = load_recipe(str(run.recipe)), Predictor(run.model, threads=1)
    films = Films.open(read_index(run.index), run.folder, size_px=recipe.size_px, fit=recipe.data.fit)
    assert films is not None
    assert predictor.home is not None
    rows = [row for part in ("validation", "test") for row in films.judged(films.part(part))]
    placed = placed_films(predictor, films, rows)
    print("| films | n | batches of 50 called abroad |\n|---|---|---|")
    for name, chosen in parts(films, rows):
        some = [
            (placed[number], group) for number, group in zip(chosen, films.groups(rows[n] for n in chosen), strict=True)
        ]
        called = called_abroad(predictor.home, some, options.batches)
        print(f"| {name} | {len(chosen)} | {wilson(called, options.batches).in_percent().shown('en')} |", flush=True)


def placed_films(predictor: Predictor, films: Films, rows: list[int]) -> list[Placed]:
    """Where each film lies beside home."""
    found: list[Placed | None] = []
    for pixels, part in answers(predictor, films, rows):
        own = [films.index.rows[row] for row in rows[len(found) : len(found) + len(pixels)]]
        sizes = zip(*((row.width, row.height, row.chroma) for row in own), strict=True)
        found += predictor.judge(pixels, part, *sizes)[1]
    assert all(place is not None for place in found)
    return [place for place in found if place is not None]


def called_abroad(home: Home, films: list[tuple[Placed, str]], batches: int) -> int:
    """How many batches are called abroad."""
    random, size = generator(0, "findings-home"), min(BATCH, 2 * len(films) // 3)
    found = 0
    for _ in range(batches):
        drawn = [films[number] for number in random.choice(len(films), size, replace=False)]
        found += home.judge([place for place, _ in drawn], [group for _, group in drawn]).is_abroad
    return found


def parts(films: Films, rows: list[int]) -> Iterator[tuple[str, list[int]]]:
    """Names of parts of the films, and the places of their rows in `rows`."""
    is_ill = (films.targets(rows) == 1).any(axis=1)
    yield "as they come", list(range(len(rows)))
    yield "without findings", np.flatnonzero(~is_ill).tolist()
    yield "with findings", np.flatnonzero(is_ill).tolist()
    for column in ("view", "source"):
        entries = [getattr(films.index.rows[row], column, films.index.rows[row].extra.get(column)) for row in rows]
        for entry in sorted(set(map(str, entries))):
            yield f"{column} {entry}", [place for place, own in enumerate(entries) if str(own) == entry]


if __name__ == "__main__":
    main()
