"""The card: format 1 is read, format 2 is written, sections of later programs are kept, reasons have a language."""

import json
from pathlib import Path
from typing import Any

import onnx
import pytest
from builders import SLIM_WIDTHS, change_card, make_card, write_model

from plainfilm.errors import ModelFileError
from plainfilm.estimate import Estimate
from plainfilm.messages import sentence
from plainfilm.model.card import Card, ClassName, InLungs, OwnFigures, Provenance, Source, parse_card
from plainfilm.model.networks import resnet
from plainfilm.model.predictor import Predictor

PATH = Path("model.onnx")
FIGURE: dict[str, Any] = {"value": 0.6, "low": 0.5, "high": 0.7, "n": 60}


def content(**changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(make_card(("a", "b")).as_json())
    return found | changes


def first_format(**changes: Any) -> dict[str, Any]:
    classes = [{"name": name, "en": f"{name} in English", "zh": f"{name}类"} for name in "ab"]
    return content(format_version=1, classes=classes) | changes


def parsed(found: object) -> Card:
    return parse_card(json.dumps(found), PATH)


def refusal(text: str) -> ModelFileError:
    with pytest.raises(ModelFileError) as caught:
        parse_card(text, PATH)
    return caught.value


def test_format_1_is_read_and_format_2_is_written() -> None:
    card = parsed(first_format())
    assert card.format_version == 1
    assert [entry.shown("zh") for entry in card.classes] == ["a类", "b类"]
    written = json.loads(card.as_json())
    assert written["format_version"] == 2
    assert written["classes"][0] == {"name": "a", "names": {"en": "a in English", "zh": "a类"}}
    assert parsed(written).classes == card.classes


def test_a_missing_language_falls_back_to_english_and_then_to_the_name() -> None:
    assert [ClassName("a", names).shown("zh") for names in ({"zh": "甲"}, {"en": "A"}, {})] == ["甲", "A", "a"]
    assert [ClassName("a", names).shown("en") for names in ({"zh": "甲"}, {"fr": "A"})] == ["a", "a"]


def test_a_section_of_a_later_program_is_kept_and_ignored() -> None:
    card = parsed(content(atlas={"version": 3, "sites": [1]}))
    assert json.loads(card.as_json())["atlas"] == {"version": 3, "sites": [1]}
    assert refusal(json.dumps(first_format(atlas={}))).code == "model-card-damaged"


def test_an_update_keeps_a_section_of_a_later_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resnet, "STAGE_WIDTHS", SLIM_WIDTHS)
    path = write_model(tmp_path / "model.onnx", others={"atlas": [1, 2]})
    change_card(path, evaluation=OwnFigures({"accuracy": Estimate(0.9, 0.8, 1.0, 10)}, {"later": True}))
    change_card(path, provenance=Provenance(leaking=False))
    (text,) = [entry.value for entry in onnx.load(path).metadata_props if entry.key == "plainfilm"]
    card = json.loads(text)
    assert card["atlas"] == [1, 2]
    assert card["evaluation"]["later"] is True
    assert Predictor(path).card.others == {"atlas": [1, 2]}


def test_a_check_of_maps_of_an_earlier_program_says_nothing_of_lungs() -> None:
    earlier = {"faithful": True, "n": 60, "classes": {}, "films": "validation"}
    card = parsed(content(maps=earlier))
    assert card.maps is not None
    assert card.maps.lungs is None
    assert json.loads(card.as_json())["maps"] == earlier
    found = parsed(content(maps=earlier | {"lungs": {"evidence": FIGURE, "area": FIGURE}}))
    assert found.maps is not None
    assert found.maps.lungs == InLungs(evidence=Estimate(**FIGURE), area=Estimate(**FIGURE))
    assert parsed(json.loads(found.as_json())) == found


def test_sources_of_an_earlier_program_are_english() -> None:
    card = parsed(content(sources=[{"name": "a", "terms": "b", "citation": "c"}]))
    assert card.sources == (Source({"en": "a"}, {"en": "b"}, "c"),)
    assert parsed(json.loads(card.as_json())).sources == card.sources


def test_a_later_format_is_refused() -> None:
    assert refusal(json.dumps(content(format_version=3))).code == "model-version"


LIES: dict[str, str] = {
    "no JSON": "hello",
    "a list": "[]",
    "not finite": '{"format_version": NaN}',
    "no classes": json.dumps({"format_version": 2}),
    **{
        name: json.dumps(content(**change))
        for name, change in {
            "section": {"gate": 3},
            "class twice": {"classes": [{"name": "a", "names": {}}] * 2},
            "empty name": {"classes": [{"name": "a", "names": {"en": ""}}]},
            "names of format 1": {"classes": [{"name": "a", "en": "a", "zh": "a"}]},
            "size": {"preprocessing": {"size": 0, "channels": 1, "fit": "squash"}},
            "fit": {"preprocessing": {"size": 64, "channels": 1, "fit": "stretch"}},
            "checksum": {"weights_sha256": 3},
            "leaking": {"provenance": {"leaking": "no"}},
            "figure": {"evaluation": {"accuracy": {"value": 1e300, "low": 0, "high": 1, "n": 3}}},
            "verdict": {"maps": {"faithful": "yes", "n": 3}},
            "lungs without area": {"maps": {"faithful": True, "n": 3, "lungs": {"evidence": FIGURE}}},
            "share": {"maps": {"faithful": True, "n": 3, "lungs": {"evidence": FIGURE, "area": FIGURE | {"n": -1}}}},
            "seen": {"seen": {"films": 3}},
            "source without English": {"sources": [{"name": {"zh": "甲"}, "terms": {"en": "a"}, "citation": "b"}]},
            "temperature": {"calibration": {"temperature": 1e9}},
        }.items()
    },
}


@pytest.mark.parametrize("lie", LIES)
def test_a_reason_is_in_the_language_of_its_sentence(lie: str) -> None:
    error = refusal(LIES[lie])
    assert error.code == "model-card-damaged"
    assert "expected" not in sentence(error, "zh")
    reasons = {language: error.parameters["reason"].shown(language) for language in ("en", "zh")}  # type: ignore[attr-defined]
    assert reasons["en"] in sentence(error, "en")
    assert reasons["zh"] in sentence(error, "zh")
    assert reasons["en"].isascii()
    assert any(0x4E00 <= ord(character) < 0xA000 for character in reasons["zh"])
