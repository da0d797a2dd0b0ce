"""Does the input check refuse what is no frontal chest film, and let the films of the data set pass?

    python benchmarks/input_check.py RUN DATA [--part validation|test] [--half development|report]
        [--photographs DIR...] [--drawings DIR...] [--texts FILE...] [--fonts FILE...] [--other-films DIR...]

RUN is the folder of a finished training (model.onnx, index.csv, pixel store); DATA holds `external-ieee8023`. The films
of the part are the ones that must pass. Whoever changes the input check looks at `--part validation --half
development`; what is reported comes from `--part test --half report`, whose originals nobody looked at.

The input check is the model file's where it has one, else it is fitted here on the run's training and validation films.
For a kind of non-film: n pictures of so many originals, the AUC of the distance against the films (95 % interval by
DeLong over originals, a group of films being one), and the share refused by rules or distance (bootstrap over
originals). Colour pictures are also measured in grey, where the rule on colour cannot help.

The pictures come from packages of Debian 12 (`apt-get download`, then `dpkg-deb -x`):
    --photographs  lomiri-wallpapers-16.04 and -20.04 (20.04.0-2), mate-backgrounds (1.26.0-1; its folder nature),
                   plasma-workspace-wallpapers (5.27.5-2), ukui-wallpapers (20.04.3-1.1),
                   opencv-doc (4.6.0+dfsg-12; its folder examples/data)
    --drawings     openclipart-png (0.18+dfsg-19), tuxpaint-stamps-default (2022.06.04-1)
    --texts        any long plain texts in English and Chinese, with --fonts from fonts-noto-cjk
    --other-films  any folder of radiographs that show no chest
"""

import argparse
import dataclasses
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

import non_films
import numpy as np
from non_films import HALVES, SPOILED, Picture

from plainfilm.data.decoding.film_file import decode
from plainfilm.data.film_index import Index, read_index, reopen
from plainfilm.data.films import open_store
from plainfilm.data.preprocessing import preprocess
from plainfilm.estimate import Estimate
from plainfilm.evaluation.intervals import delong, wilson
from plainfilm.model.input_check import InputCheck, Statistics, Verdict, fit
from plainfilm.model.input_measures import describe
from plainfilm.model.predictor import Predictor
from plainfilm.randomness import generator

CROPS = 6  # of each photograph
CHUNK = 256
NUM_REPLICATES = 2000


class Judge:
    """The model and its input check."""

    def __init__(self, run: Path) -> None:
        self.predictor = Predictor(run / "model.onnx")
        self.size_px = self.predictor.card.preprocessing.size
        index = read_index(run / "index.csv")
        fit_to = self.predictor.card.preprocessing.fit
        store = open_store(run, [row.image_id for row in index.rows], size_px=self.size_px, fit=fit_to)
        assert store is not None, "the run has no pixel store"
        card = self.predictor.card.gate or self._fit(index, store)
        self.input_check = InputCheck.from_card(card, num_features=self.features(store[:1]).shape[1])

    def _fit(self, index: Index, store: np.ndarray) -> Statistics:
        train, validation = store[index.part("train")], store[index.part("validation")]
        labels = np.array([index.classes.index(index.rows[number].label) for number in index.part("train")])
        return fit(describe(train), self.features(train), labels, describe(validation), self.features(validation))

    def features(self, planes: np.ndarray) -> np.ndarray:
        """The network's features (N, D) of planes (N, S, S)."""
        channels = self.predictor.card.preprocessing.channels
        parts = [
            self.predictor.answer(np.repeat(planes[start : start + CHUNK, None], channels, axis=1)).features
            for start in range(0, len(planes), CHUNK)
        ]
        return np.concatenate(parts)

    def verdicts(self, pictures: Sequence[Picture]) -> list[Verdict]:
        """A verdict a picture."""
        planes = np.stack([picture.plane for picture in pictures])
        sizes = [[getattr(picture, name) for picture in pictures] for name in ("width", "height", "chroma")]
        return self.input_check.judge(planes, describe(planes), self.features(planes), *sizes)


def share(hits: np.ndarray, originals: Sequence[str]) -> Estimate:
    """A share with its 95 % interval: Wilson's, widened by the bootstrap over originals where one has several."""
    groups = np.unique(originals, return_inverse=True)[1]
    plain = wilson(int(hits.sum()), len(hits), effective_n=groups.max() + 1)
    if groups.max() + 1 == len(hits):
        return wilson(int(hits.sum()), len(hits))
    draws = generator(0, "benchmark-gate", "bootstrap").integers(
        groups.max() + 1, size=(NUM_REPLICATES, groups.max() + 1)
    )
    count, total = np.bincount(groups, hits), np.bincount(groups)
    low, high = np.quantile(count[draws].sum(1) / total[draws].sum(1), (0.025, 0.975))
    return Estimate(plain.value, min(low, plain.low), max(high, plain.high), len(hits))


def report(name: str, judge: Judge, pictures: Iterable[Picture], films: tuple[np.ndarray, list[str]] | None) -> None:
    """Print a kind: how many, AUC against the films (their distances and groups), share refused, reasons."""
    pictures = list(pictures)
    if not pictures:
        print(f"{name:34} none")
        return
    verdicts = judge.verdicts(pictures)
    originals = [picture.original for picture in pictures]
    refused = share(np.array([not verdict.passed for verdict in verdicts]), originals)
    line = f"{name:34} n {len(pictures):4} of {len(set(originals)):3} originals; refused {refused}"
    if films is not None:
        distances = np.concatenate([films[0], [verdict.distance for verdict in verdicts]])
        groups = np.unique([*films[1], *(f"\0{name}" for name in originals)], return_inverse=True)[1]
        auc = delong(distances, np.arange(len(distances)) >= len(films[0]), groups)
        line += f"; AUC {auc.in_decimals().shown('en')}"
    reasons = [reason for verdict in verdicts for reason in verdict.reasons]
    counts = ", ".join(f"{reason.removeprefix('gate-')} {reasons.count(reason)}" for reason in dict.fromkeys(reasons))
    print(f"{line}; {counts}", flush=True)


def films_of(run: Path, part: str) -> list[tuple[str, np.ndarray]]:
    """Group and pixels (H, W) of the films in one part."""
    index = read_index(run / "index.csv")
    listing = reopen(index)
    return [
        (index.rows[number].group, decode(listing.read(index.rows[number].entry)).pixels) for number in index.part(part)
    ]


def spoil(films: Sequence[tuple[str, np.ndarray]], change: str, size_px: int) -> list[Picture]:
    """The films after a change of SPOILED, or as they are for ""."""
    pictures = []
    for group, pixels in films:
        changed = np.ascontiguousarray(SPOILED[change](pixels) if change else pixels)
        pictures.append(Picture(group, preprocess(changed, size=size_px)[0], *changed.shape[::-1], 0.0))
    return pictures


def main() -> None:
    """Measure each kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path)
    default = os.environ.get("PLAINFILM_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("data", type=Path, nargs="?", default=Path(default))
    parser.add_argument("--part", choices=("validation", "test"), default="test")
    parser.add_argument("--half", choices=HALVES, default="report")
    for name in ("photographs", "drawings", "texts", "fonts", "other-films"):
        parser.add_argument(f"--{name}", type=Path, nargs="+", default=[])
    arguments = parser.parse_args()

    judge, half = Judge(arguments.run), arguments.half
    size_px = judge.size_px
    films = films_of(arguments.run, arguments.part)
    whole = spoil(films, "", size_px)
    distances = np.array([verdict.distance for verdict in judge.verdicts(whole)])
    known = (distances, [picture.original for picture in whole])
    print(f"input check of {arguments.run.name}, {arguments.part} films, half {half} of the non-films", flush=True)
    report(f"{arguments.part} films", judge, whole, None)

    print("non-films")
    for grey in (False, True):
        ending = ", grey" if grey else ", colour"
        crops = non_films.photographs(arguments.photographs, half, CROPS, size_px, grey=grey)
        report(f"photographs{ending}", judge, crops, known)
        pictures = non_films.drawings(arguments.drawings, half, non_films.NUM_MADE, size_px, grey=grey)
        report(f"drawings{ending}", judge, pictures, known)
    if arguments.texts and arguments.fonts:
        report("text pages", judge, non_films.text_pages(arguments.texts, arguments.fonts, half, size_px), known)
    report("noise", judge, non_films.noise(half, size_px), known)
    report("blank", judge, non_films.blank(half, size_px), known)
    others = (path for folder in arguments.other_films for path in sorted(folder.rglob("*")))
    report("films of other body parts", judge, non_films.files_of(others, half, size_px), known)
    archive = arguments.data / "external-ieee8023" / "images.zip"
    slices = list(non_films.members(archive, "images/ct/", size_px))
    report("CT slices", judge, [picture for picture in slices if non_films.is_in(half, picture.original)], known)
    if half == "report":
        report("CT slices, both halves", judge, slices, known)

    print("the same films, spoiled")
    for change in SPOILED:
        report(change, judge, spoil(films, change, size_px), known)
    if half == "report":
        print("without a promise: films of other hospitals")
        for name, folders in {
            "frontal": ("images/NORMAL/", "images/Viral_Pneumonia/", "images/COVID/"),
            "frontal, other diseases": ("images/other/",),
            "lateral": ("images/lateral/",),
        }.items():
            films_elsewhere = [p for folder in folders for p in non_films.members(archive, folder, size_px)]
            report(name, judge, films_elsewhere, known)
            grey = [dataclasses.replace(picture, chroma=0.0) for picture in films_elsewhere]
            report(f"{name}, colour ignored", judge, grey, known)


if __name__ == "__main__":
    main()
