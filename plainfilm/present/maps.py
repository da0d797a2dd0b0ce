"""Which films the report shows, and their pictures: the worst errors, and correct answers that are typical.

The worst errors are those of which the model was surest. A correct answer is typical if its probability is the
middle one of its class: the surest ones would flatter the model. Pictures are small JPEGs inside the page.
"""

import base64
import io
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from plainfilm.data.decoding.film_file import decode
from plainfilm.data.film_index import Index, Row, reopen
from plainfilm.data.films import Films
from plainfilm.data.preprocessing import preprocess
from plainfilm.errors import PlainfilmError
from plainfilm.messages import Listed, Text, say
from plainfilm.model.overlay import draw_overlay
from plainfilm.model.predictor import Predictor
from plainfilm.present.blocks import Picture
from plainfilm.present.gather import Gathered

NUM_ERRORS = 8
NUM_CORRECT_A_CLASS = 2
SIDE_PX = 300
JPEG_QUALITY = 82

Answer = Mapping[str, str]  # a row of predictions.csv


def worst_errors(answers: Sequence[Answer]) -> list[Answer]:
    """The wrong answers of which the model was surest, surest first."""
    wrong = [answer for answer in answers if answer["label"] != answer["predicted"]]
    return sorted(wrong, key=lambda answer: (-_probability(answer), answer["image_id"]))[:NUM_ERRORS]


def typical_answers(answers: Sequence[Answer], classes: Sequence[str]) -> list[Answer]:
    """Of each class the correct answers around the middle probability."""
    chosen: list[Answer] = []
    for name in classes:
        right = [answer for answer in answers if answer["label"] == answer["predicted"] == name]
        right.sort(key=lambda answer: (_probability(answer), answer["image_id"]))
        start = max((len(right) - NUM_CORRECT_A_CLASS) // 2, 0)
        chosen += right[start : start + NUM_CORRECT_A_CLASS]
    return chosen


def _probability(answer: Answer) -> float:
    return float(answer[f"p_{answer['predicted']}"])


def pixels_of(found: Gathered, image_ids: Sequence[str]) -> dict[str, NDArray[np.uint8]]:
    """Films as the model takes them, (S, S) uint8, by image_id: from the run's pixel store, else from the sources.

    A film that is neither here nor there any more is left out.
    """
    index, predictor = found.index, found.predictor
    if index is None or predictor is None:
        return {}
    wanted = predictor.card.preprocessing
    row_of = {row.image_id: number for number, row in enumerate(index.rows)}
    rows = {image_id: row_of[image_id] for image_id in image_ids if image_id in row_of}
    films = Films.open(index, found.run.folder, size_px=wanted.size, fit=wanted.fit)
    if films is not None:
        return {image_id: np.array(films.store[row]) for image_id, row in rows.items()}
    return _reread(index, rows, wanted.size, wanted.fit)


def _reread(index: Index, rows: Mapping[str, int], size_px: int, fit: str) -> dict[str, NDArray[np.uint8]]:
    try:
        listing = reopen(index)
    except PlainfilmError:
        return {}
    films = {}
    for image_id, row in rows.items():
        try:
            film = decode(listing.read(index.rows[row].entry), assume_chest=listing.reading.assume_chest)
        except (PlainfilmError, OSError):
            continue
        films[image_id] = preprocess(film.pixels, size=size_px, fit=fit)[0]
    return films


def pictures(found: Gathered, answers: Sequence[Answer]) -> tuple[Picture, ...]:
    """The films of some answers, each beside itself with the map of the predicted class."""
    films = pixels_of(found, [answer["image_id"] for answer in answers])
    shown = [answer for answer in answers if answer["image_id"] in films]
    if not shown or found.predictor is None or found.index is None:
        return ()
    row_of = {row.image_id: row for row in found.index.rows}
    planes = np.stack([films[answer["image_id"]] for answer in shown])
    channels = found.predictor.card.preprocessing.channels
    class_maps = found.predictor.answer(np.repeat(planes[:, None], channels, axis=1)).class_maps
    made = []
    for answer, plane, maps in zip(shown, planes, class_maps, strict=True):
        of_class = maps[found.predictor.card.class_names.index(answer["predicted"])]
        made.append(_picture(found, answer, _as_taken(plane, row_of[answer["image_id"]], found.predictor), of_class))
    return tuple(made)


def _as_taken(plane: NDArray[np.uint8], row: Row, predictor: Predictor) -> NDArray[np.uint8]:
    """A film at SIDE_PX, with its own proportions where the model squashes it: (S, S) -> (H, W) uint8."""
    width, height = (row.width, row.height) if predictor.card.preprocessing.fit == "squash" else plane.shape
    scale = SIDE_PX / max(width, height)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    return np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS))


def _picture(found: Gathered, answer: Answer, film: NDArray[np.uint8], class_map: NDArray[np.float32]) -> Picture:
    true, predicted = found.shown(answer["label"]), found.shown(answer["predicted"])
    lines: list[Text] = [
        answer["image_id"],
        say("report.maps.true", name=true),
        say("report.maps.predicted", name=predicted, value=100 * _probability(answer)),
    ]
    if answer.get("set"):
        members = [name for name in found.names if name in answer["set"].split("|")]
        shown = [found.shown(name) for name in members] or [say("sets.empty")]
        lines.append(say("report.maps.set", names=Listed(tuple(shown), "list.bar")))
    if answer.get("gate", "passed") != "passed":
        lines.append(say("report.maps.refused"))
    alternative = say("report.maps.alternative", id=answer["image_id"], true=true, predicted=predicted)
    overlay = Image.open(io.BytesIO(draw_overlay(film, class_map)))
    return Picture(_uri(Image.fromarray(film)), _uri(overlay), alternative, tuple(lines))


def _uri(image: Image.Image) -> str:
    image.thumbnail((SIDE_PX, SIDE_PX))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=JPEG_QUALITY)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode()}"
