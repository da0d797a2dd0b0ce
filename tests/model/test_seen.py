"""The list of the films that a model has seen: written, kept, found again; damaged or contradicted, refused."""

import base64
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from builders import SLIM_WIDTHS, change_card, write_model
from onnx import helper

from plainfilm.data import phantom
from plainfilm.data.decoding.film_file import image_id
from plainfilm.data.duplicates.fingerprint import NUM_BYTES
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.data.preprocessing import preprocess
from plainfilm.errors import ModelFileError
from plainfilm.model import modelfile, seen
from plainfilm.model.modelfile import CARD_KEY, DIGEST_KEY
from plainfilm.model.networks import resnet
from plainfilm.model.predictor import Predictor
from plainfilm.model.seen import FILMS_KEY, SeenCounts, SeenFilms, parse_seen, seen_films, with_fitted

PICTURES = [phantom.draw("COVID", seed=4, number=number, size=160).pixels for number in range(9)]
IDS = [image_id(picture) for picture in PICTURES]
STORE = np.stack([preprocess(picture, size=96)[0] for picture in PICTURES])


def films_with(parts: Sequence[str]) -> Films:
    """The pictures, after the last from the first again, a part of a split each."""
    numbers = [number % len(IDS) for number in range(len(parts))]
    rows = [Row(image_id=IDS[number], split=part) for number, part in zip(numbers, parts, strict=True)]
    return Films.of(Index(tuple(rows), (), (), {}), STORE[numbers])


def listed(is_base_known: bool = True) -> SeenFilms:
    """Films 0 to 3 are of training, 4 and 5 of validation; 6 to 8 are not in it."""
    films = films_with(["train"] * 4 + ["validation"] * 2 + ["test"] * 3)
    found = seen_films(films, is_base_known=is_base_known)
    assert found is not None
    return found


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small model file without a list."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
        return write_model(tmp_path_factory.mktemp("bare") / "model.onnx")


@pytest.fixture
def path(bare: Path, tmp_path: Path) -> Path:
    """The same with a list."""
    shutil.copy(bare, tmp_path / "model.onnx")
    change_card(tmp_path / "model.onnx", seen=listed())
    return tmp_path / "model.onnx"


def test_a_model_file_says_what_it_has_seen(path: Path) -> None:
    predictor = Predictor(path)
    assert predictor.card.seen == SeenCounts(films=6, train=4, validation=2, fingerprints=True, base_known=True)
    assert predictor.seen is not None
    found = predictor.seen.sightings(IDS, [f"g{number}" for number in range(9)], STORE)
    assert [sighting.kind for sighting in found] == ["exact"] * 6 + [""] * 3
    assert all(sighting.likeness == 1 for sighting in found[:6])


def test_the_list_stays_when_the_card_changes_and_is_replaced_by_a_new_one(path: Path) -> None:
    before = Predictor(path)
    change_card(path, evaluation=None)
    assert Predictor(path).seen.text == before.seen.text
    change_card(path, seen=listed(is_base_known=False))
    after = Predictor(path)
    assert after.card.seen.base_known is False
    assert after.seen.text == before.seen.text
    assert after.card.weights_sha256 == before.card.weights_sha256


def test_a_film_in_disguise_is_near_and_what_is_in_a_group_with_it_related(path: Path) -> None:
    known = Predictor(path).seen
    assert known is not None
    disguised = np.stack([STORE[2][:, ::-1], STORE[6], STORE[7], STORE[8]])
    found = known.sightings(["ab" * 8, IDS[6], IDS[7], ""], ["one", "one", "two", "one"], disguised)
    assert [sighting.kind for sighting in found[:3]] == ["near", "related", ""]


def test_a_model_without_a_list_has_none(bare: Path) -> None:
    predictor = Predictor(bare)
    assert predictor.seen is None
    assert predictor.card.seen is None


def test_of_many_films_the_checksums_alone_are_kept_and_of_more_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seen, "MAX_FINGERPRINTS", 5)
    change_card(path, seen=listed())
    known = Predictor(path).seen
    assert known is not None
    assert known.fingerprints is None
    assert known.counts.fingerprints is False
    found = known.sightings([IDS[0], "ab" * 8], ["a", "b"], np.stack([STORE[0], STORE[1][:, ::-1]]))
    assert [sighting.kind for sighting in found] == ["exact", ""]
    monkeypatch.setattr(seen, "MAX_FILMS", 5)
    assert seen_films(films_with(["train"] * 6), is_base_known=True) is None


def test_films_twice_in_a_training_stand_once_in_the_list() -> None:
    found = seen_films(films_with(["train"] * 10), is_base_known=True)
    assert found is not None
    assert found.counts.films == len(found.checksums) == 9
    assert found.counts.train == 10


def test_films_on_which_something_was_fitted_join_the_list() -> None:
    """Films 5 to 7 are fitted on; 5 was seen before."""
    found = with_fitted(listed(), films_with([""] * 9), [5, 6, 7])
    assert found is not None
    assert found.counts == SeenCounts(films=8, train=4, validation=5, fingerprints=True, base_known=True)
    sightings = found.sightings(IDS, [str(number) for number in range(9)], STORE)
    assert [sighting.kind for sighting in sightings] == ["exact"] * 8 + [""]
    again = parse_seen(found.text, found.counts)
    assert again is not None
    assert again.fingerprints is not None
    whole = seen_films(films_with(["train"] * 8 + [""]), is_base_known=True)
    assert whole is not None
    assert np.array_equal(again.checksums, whole.checksums)
    assert np.array_equal(again.fingerprints, whole.fingerprints)


def test_a_list_of_fitted_films_alone_says_that_more_may_have_been_seen() -> None:
    found = with_fitted(None, films_with([""] * 9), [2, 3])
    assert found is not None
    assert found.counts == SeenCounts(films=2, train=0, validation=2, fingerprints=True, base_known=False)


def test_a_list_may_be_longer_than_any_card(path: Path) -> None:
    count = 300_000  # 3.2 MB in base64
    checksums = np.arange(count, dtype=">u8").view(np.uint8).reshape(count, 8)
    counts = SeenCounts(count, count, 0, fingerprints=False, base_known=True)
    change_card(path, seen=SeenFilms(checksums, None, counts))
    known = Predictor(path).seen
    assert known is not None
    assert np.array_equal(known.checksums, checksums)


def test_the_largest_lists_fit_into_their_entry() -> None:
    largest = max(seen.MAX_FINGERPRINTS * (8 + NUM_BYTES), seen.MAX_FILMS * 8)
    assert len(base64.b64encode(bytes(largest))) <= seen.MAX_ENTRY_BYTES


# --- hostile ---------------------------------------------------------------------------------------------------------

Change = Callable[[str, dict[str, Any]], str | None]


def decoded(text: str) -> bytes:
    return base64.b64decode(text)


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def saying(**entries: Any) -> Change:
    """The summary says something else."""

    def change(text: str, summary: dict[str, Any]) -> str:
        summary.update(entries)
        return text

    return change


LIES: dict[str, Change] = {
    "no list": lambda text, summary: None,
    "no summary": lambda text, summary: summary.clear() or text,
    "empty": lambda text, summary: "",
    "cut": lambda text, summary: text[:-4],
    "cut inside": lambda text, summary: text[:-1],
    "longer": lambda text, summary: encoded(decoded(text) + bytes(8)),
    "no base64": lambda text, summary: "?" + text[1:],
    "line breaks": lambda text, summary: text[:40] + "\n" + text[40:],
    "not ASCII": lambda text, summary: "\u80f8" + text[1:],
    "a checksum twice": lambda text, summary: encoded(decoded(text)[:8] * 2 + decoded(text)[16:]),
    "falling": lambda text, summary: encoded(decoded(text)[8:16] + decoded(text)[:8] + decoded(text)[16:]),
    "too long": lambda text, summary: "A" * (seen.MAX_ENTRY_BYTES + 4),
    "a film more": saying(films=7, train=5),
    "no film": saying(films=0),
    "fewer than none": saying(films=6, train=-4, validation=10),
    "films that no part has": saying(train=1),
    "too many": saying(films=10**12, train=10**12),
    "films as text": saying(films="6"),
    "films as a fraction": saying(films=6.0),
    "films true": saying(films=True),
    "no fingerprints": saying(fingerprints=False),
    "fingerprints as a number": saying(fingerprints=1),
    "one entry more": saying(surprise=1),
    "one entry less": lambda text, summary: summary.pop("base_known") and text,
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_list_that_lies_is_refused(path: Path, tmp_path: Path, lie: Change) -> None:
    proto = onnx.load(path)
    entries = {entry.key: entry.value for entry in proto.metadata_props}
    card = json.loads(entries[CARD_KEY])
    text = lie(entries[FILMS_KEY], card["seen"])
    card["seen"] = card["seen"] or None
    kept = {} if text is None else {FILMS_KEY: text}
    helper.set_model_props(proto, {CARD_KEY: json.dumps(card), **kept, DIGEST_KEY: modelfile.BLANK_DIGEST})
    data = proto.SerializeToString(deterministic=True)
    ((start, end),) = modelfile._digest_places(data)
    (tmp_path / "lie.onnx").write_bytes(data[:start] + modelfile._digest(data, start).encode() + data[end:])
    with pytest.raises(ModelFileError) as caught:
        Predictor(tmp_path / "lie.onnx")
    assert caught.value.code in ("model-card-damaged", "model-unusable")
    assert IDS[0] not in str(caught.value.parameters)


def test_a_list_is_read_as_it_was_written() -> None:
    again = parse_seen(listed().text, listed().counts)
    assert again is not None
    assert np.array_equal(again.checksums, listed().checksums)
    assert np.array_equal(again.fingerprints, listed().fingerprints)
