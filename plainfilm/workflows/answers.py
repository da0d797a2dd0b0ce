"""`plainfilm predict`: an answer for each film of files, folders, archives; a bad film does not stop the others."""

import math
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from plainfilm.data.labelling import Labelling
from plainfilm.data.sources.balance import Balance
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.labels import class_and_split, notes_of
from plainfilm.data.sources.listing import ARCHIVES, Listing, balance_of, list_films
from plainfilm.data.sources.reading import PLAIN, Reading
from plainfilm.data.sources.table import TABLES
from plainfilm.errors import PlainfilmError
from plainfilm.evaluation.expected import guess
from plainfilm.io import files, tables
from plainfilm.messages import LANGUAGES
from plainfilm.model.answer import Answer
from plainfilm.model.card import Card, Guessed
from plainfilm.model.overlay import draw_overlay
from plainfilm.model.predictor import Prediction, Predictor
from plainfilm.model.shift import MIN_FILMS, Home, Shift
from plainfilm.records import Object
from plainfilm.task import task_of

MAX_NAME_BYTES = 200  # of a map, before .png; file systems take 255


def predict(
    predictor: Predictor,
    paths: Sequence[Path],
    tables: Sequence[Path] = (),
    *,
    maps: Path | None = None,
    override: bool = False,
    reading: Reading = PLAIN,
    account: Callable[[Balance], None] = lambda _: None,
) -> Iterator[Answer]:
    """Answers in the order of the films.

    With `maps` the predicted class's map of each is written into that folder, named by its number, its image_id and the
    class, with what the model file says against its maps as a comment in every language. A film that the input check
    refuses gets no classes and no map, unless `override`. A path that cannot be opened is an answer with an error.
    `account` gets the balance of the files of each folder, archive or table.
    """
    card, showing = predictor.card, task_of(predictor.card.task_kind).showing
    labelling: Labelling = task_of(card.task_kind).labels
    classes = card.class_names
    comment = "\n".join(predictor.card.map_warning.shown(language) for language in LANGUAGES).strip()
    number = 0
    for index, path in enumerate(paths):
        try:
            own = tables if len(paths) == 1 else tables[index : index + 1]
            listing = _list(path, own, reading, labelling, classes)
        except PlainfilmError as error:
            number += 1
            yield Answer(error=error, number=number, path=str(path))
            continue
        reads = (partial(listing.read, entry) for entry in listing.entries)
        respelt = labelling.respelt([entry.label for entry in listing.entries], classes)
        reasons = []
        for entry, result in zip(listing.entries, predictor.predict_many(reads), strict=True):
            number += 1
            shown = str(path) if path.name == entry.path else f"{path}/{entry.path}"
            label = respelt.get(entry.label, entry.label)
            truth = "" if labelling.problem(label, classes) else "|".join(labelling.counted(label, classes))
            answer = Answer.of(result, override=override, number=number, path=shown, truth=truth)
            reasons.append(_reason(answer))
            if maps is not None and isinstance(result, Prediction) and answer.is_answered:
                shown_first = showing.first(answer, card)
                name = f"{number:04d}-{result.image_id}-{classes[shown_first]}"
                write_map(result, shown_first, name, maps, fit=card.preprocessing.fit, comment=comment)
            yield answer
        if path.is_dir() or path.suffix.lower() in (*ARCHIVES, *TABLES):
            account(balance_of(listing, reasons, notes_of(respelt)))


def shift_of(home: Home | None, answers: Sequence[Answer]) -> Shift | None:
    """Whether films are like those of the model's home; each counts once, refused ones do not. None: it cannot say."""
    placed = [answer.placed for answer in _counted(answers) if answer.placed is not None]
    return None if home is None else home.judge(placed)


def guess_of(card: Card, answers: Sequence[Answer]) -> Guessed | None:
    """The accuracy to be expected on these films, each once, without those refused; None: too few, or it cannot."""
    told = [answer.probabilities for answer in _counted(answers) if answer.probabilities is not None]
    if card.confidence is None or len(told) < MIN_FILMS:
        return None
    return guess(np.stack(told), card.confidence)


def _counted(answers: Sequence[Answer]) -> list[Answer]:
    """The answered films that say something of their place: each once, none that the input check refuses."""
    found = {answer.image_id: answer for answer in answers if answer.is_answered and not answer.is_refused}
    return list(found.values())


def _reason(answer: Answer) -> str:
    """Why a film has no answer, as a reason of a balance."""
    if answer.error is not None:
        return "missing" if answer.error.code == "film-missing" else "unreadable"
    return "" if answer.is_answered else "refused"


def _list(path: Path, tables: Sequence[Path], reading: Reading, labelling: Labelling, wanted: Sequence[str]) -> Listing:
    """The films at a path; a single file that is neither archive nor table is a film, whatever its name."""
    if path.is_file() and path.suffix.lower() not in (*ARCHIVES, *TABLES) and not tables:
        label, _ = class_and_split(path.resolve().parent.parts) if labelling.names_folders else ("", "")
        return Listing((files.single_film(path),), (Entry(0, path.name, label),), reading=reading)
    return list_films([path], tables, reading, labelling=labelling, wanted=wanted)


def write_map(prediction: Prediction, number: int, name: str, folder: Path, *, fit: str, comment: str) -> None:
    """Write map `number` over the film as `name`.png; what is no letter or digit becomes _."""
    plain = "".join(character if character.isalnum() or character in "-_" else "_" for character in name)
    class_map = prediction.class_maps[number]
    picture = draw_overlay(prediction.film.pixels, class_map, fit=fit, comment=comment)
    short = plain.encode()[:MAX_NAME_BYTES].decode(errors="ignore")
    files.write_bytes(files.writable_folder(folder) / f"{short}.png", picture)


def shift_cell(answer: Answer, place: str) -> str:
    """Where a film lies, as a cell of a table: "home", "unlike" by itself, "abroad" with all others; "": not known.

    `place`: of all films, see `place_of`.
    """
    if answer.placed is None or answer.is_refused:
        return ""
    if place != "abroad" and answer.placed.is_unlike:
        return "unlike"
    return place if place in ("home", "abroad") else ""


def write_csv(answers: Sequence[Answer], card: Card, path: Path, place: str) -> None:
    """Write a row a film: see `row`."""
    rows = [row(answer, card, place) for answer in answers]
    columns = list(row(Answer(), card, place))
    files.write_text(path, tables.to_csv([columns, *([*map(_cell, entry.values())] for entry in rows)]))


def row(answer: Answer, card: Card, place: str) -> Object:
    """A film in a table: path, image_id, label, what the model gives, problem, what is decided, gate, shift, stance."""
    showing = task_of(card.task_kind).showing
    said, decided = showing.row(answer, card)
    return {
        "path": answer.path,
        "image_id": answer.image_id,
        "label": answer.truth,
        **said,
        "problem": answer.error.code if answer.error else "",
        **decided,
        "gate": "" if answer.verdict is None else answer.verdict.cell,
        "shift": shift_cell(answer, place),
        "stance": showing.stance(answer, card, place) if answer.is_answered else "",
    }


def _cell(value: object) -> object:
    """A value of a row as a table has it."""
    if isinstance(value, float):
        return "" if math.isnan(value) else f"{value:.6f}"
    return value
