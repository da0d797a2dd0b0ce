"""What cross-validations come to: fold 0 first, all folds beside it, confusion, seconds; and the films that stay wrong.

    python benchmarks/pooled.py FOLDER...

Each FOLDER is one of `plainfilm cross-validate`. Fold 0 was never looked at when the recipes were chosen; the films of
the other folds were among those by which they were chosen, and their row says so. With several folders, each is also
compared with the first, film by film: the difference of the pooled accuracies, its interval by groups. The films that
are wrong in every folder are drawn as one sheet into the last folder, each with its label, the answer, and the mean
probability of both. The sheet shows real films: it stays where it is.
"""

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from run_log import beginnings, shown

from plainfilm.config import load_recipe
from plainfilm.data.film_index import read_index
from plainfilm.data.films import Films
from plainfilm.evaluation.intervals import grouped_mean
from plainfilm.io.run_folder import Run
from plainfilm.workflows.external_test import Predictions, read_predictions

COLUMNS, SIDE_PX, TEXT_PX = 8, 160, 42


@dataclass(frozen=True)
class Found:
    """A cross-validation: its folder, what it wrote, and what each film was answered, by the film's name."""

    folder: Path
    written: Mapping[str, Any]
    tables: Sequence[Predictions]

    @cached_property
    def answers(self) -> dict[str, tuple[str, int, np.ndarray]]:
        """Group, label and probabilities of each film, in the order of the folds."""
        return {
            name: (group, int(label), probabilities)
            for table in self.tables
            for name, group, label, probabilities in zip(
                table.image_ids, table.groups, table.labels, table.probabilities, strict=True
            )
        }


def read(folder: Path) -> Found:
    """One cross-validation."""
    written = json.loads((folder / "cross-validation.json").read_text(encoding="utf-8"))
    return Found(folder, written, [read_predictions(Run(folder / run["run"]).evaluation) for run in written["runs"]])


def rows(found: Found) -> Iterator[str]:
    """Lines about one cross-validation."""
    first = found.written["runs"][0]["accuracy"]
    (pooled,) = found.written["pooled"].values()
    yield f"{found.folder}"
    yield f"  fold 0, untouched by the search: accuracy {shown(first)}"
    yield f"  all folds (recipe chosen on films among these): accuracy {shown(pooled['accuracy'])}"
    yield f"  balanced accuracy {shown(pooled['balanced_accuracy'])}"
    each = [f"{100 * run['accuracy']['value']:.1f}" for run in found.written["runs"]]
    yield f"  each fold: {', '.join(each)} %"
    seconds = [spent(found.folder / run["run"]) for run in found.written["runs"]]
    yield "  seconds and CPU seconds a fold: " + ", ".join(f"{wall:.0f} and {cpu:.0f}" for wall, cpu in seconds)
    classes = found.tables[0].classes
    yield "  label \\ answer: " + ", ".join(classes)
    for name, line in zip(classes, pooled["confusion"]["counts"], strict=True):
        yield f"    {name}: {', '.join(map(str, line))}"


def spent(run: Path) -> tuple[float, float]:
    """Seconds of a run, and CPU seconds without its index: the folds share a process, which counts them all."""
    parts = beginnings(run)
    cpu_seconds = sum(last["cpu_seconds"] - first["cpu_seconds"] for first, last in parts)
    return sum(last["seconds"] for _, last in parts), cpu_seconds


def difference(found: Found, base: Found) -> str:
    """The accuracy less that of another cross-validation, on the films of both."""
    ours, theirs = found.answers, base.answers
    names = [name for name in ours if name in theirs]
    right = [
        float(ours[name][2].argmax() == ours[name][1]) - float(theirs[name][2].argmax() == ours[name][1])
        for name in names
    ]
    estimate = grouped_mean(np.array(right), [ours[name][0] for name in names], bound=1)
    low, high = 100 * estimate.low, 100 * estimate.high
    return f"  less {base.folder}: {100 * estimate.value:+.2f} points ({low:+.2f} to {high:+.2f}, n {len(names)})"


def draw_wrong(every: Sequence[Found]) -> Path:
    """The sheet of the films that are wrong in every cross-validation."""
    last, answers = every[-1], [found.answers for found in every]
    classes = last.tables[0].classes
    wrong = [
        name
        for name, (_, label, _) in answers[-1].items()
        if all(name in one and one[name][2].argmax() != label for one in answers)
    ]
    recipe = load_recipe(str(Run(last.folder).recipe))
    index = read_index(Run(last.folder).index)
    films = Films.open(index, last.folder, size_px=recipe.size_px, fit=recipe.data.fit)
    assert films is not None
    place = {row.image_id: number for number, row in enumerate(index.rows)}
    lines = -(-len(wrong) // COLUMNS)
    sheet = Image.new("L", (COLUMNS * SIDE_PX, max(lines, 1) * (SIDE_PX + TEXT_PX)), 255)
    pen = ImageDraw.Draw(sheet)
    for number, name in enumerate(sorted(wrong, key=lambda name: answers[-1][name][1])):
        x, y = number % COLUMNS * SIDE_PX, number // COLUMNS * (SIDE_PX + TEXT_PX)
        label = answers[-1][name][1]
        mean = np.mean([one[name][2] for one in answers], axis=0)
        film = Image.fromarray(films.store[place[name]]).resize((SIDE_PX - 4, SIDE_PX - 4))
        sheet.paste(film, (x, y))
        pen.text((x, y + SIDE_PX - 2), f"{classes[label]} {mean[label]:.2f}", fill=0)
        pen.text((x, y + SIDE_PX + 10), f"said {classes[mean.argmax()]} {mean.max():.2f}", fill=0)
        pen.text((x, y + SIDE_PX + 22), index.rows[place[name]].path.rpartition("/")[2][:24], fill=0)
    path = last.folder / "wrong.png"
    sheet.save(path)
    print(f"{len(wrong)} films are wrong in every cross-validation: {path}")
    return path


def main() -> None:
    """Print it all, and draw the sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    every = [read(folder) for folder in parser.parse_args().folders]
    for found in every:
        print("\n".join(rows(found)))
        if found is not every[0]:
            print(difference(found, every[0]))
    draw_wrong(every)


if __name__ == "__main__":
    main()
