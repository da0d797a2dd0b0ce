"""`predict --json` and the API give one object for one film: the same keys, the same values, of the same shape."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from clients import PREDICTIONS, ask, encoded
from jsonschema_rs import Draft202012Validator
from PIL import Image

from plainfilm.messages import LANGUAGES
from plainfilm.serving.api.guard import App
from tests.conftest import Cli

NEAR = 1e-6  # films meet in other batches


@pytest.fixture
def films(film: bytes, tmp_path: Path) -> list[Path]:
    """A film that is answered, the same one with a warning, one that the input check refuses, one that cannot be read."""
    with Image.open(io.BytesIO(film)) as picture:
        grey = picture.convert("L")
    grey.putalpha(Image.fromarray(np.where(np.indices((grey.height, grey.width))[0] < 2, 254, 255).astype(np.uint8)))
    transparent = io.BytesIO()
    grey.save(transparent, "PNG")
    stripes = np.tile(np.arange(96, dtype=np.uint8) % 2 * 255, (96, 1))
    contents = {
        "NORMAL/good.png": film,
        "transparent.png": transparent.getvalue(),
        "stripes.png": encoded(stripes, "PNG"),
        "cut.png": film[: len(film) // 2],
    }
    for name, content in contents.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in contents]


@pytest.fixture(scope="module")
def shape(app: App) -> Draft202012Validator:
    """The schema `Prediction` of the OpenAPI document."""
    document = ask(app, "GET", "/openapi.json").json()
    return Draft202012Validator(
        {"$ref": "#/components/schemas/Prediction", "components": {"schemas": document["components"]["schemas"]}}
    )


def check_same(ours: Any, theirs: Any, place: str = "") -> None:
    """Every key and every value, floats within NEAR; the order of keys too."""
    assert type(ours) is type(theirs), place
    if isinstance(ours, dict):
        assert list(ours) == list(theirs), place
        for key in ours:
            check_same(ours[key], theirs[key], f"{place}.{key}")
    elif isinstance(ours, list):
        assert len(ours) == len(theirs), place
        for number, pair in enumerate(zip(ours, theirs, strict=True)):
            check_same(*pair, f"{place}[{number}]")
    elif isinstance(ours, float):
        assert ours == pytest.approx(theirs, abs=NEAR), place
    else:
        assert ours == theirs, place


@pytest.mark.parametrize("override", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_command_and_the_api_answer_alike(
    app: App, cli: Cli, model: Path, films: list[Path], shape: Draft202012Validator, language: str, override: bool
) -> None:
    ran = cli("predict", model, *films, "--json", "--lang", language, *["--override"] * override)
    response = ask(
        app,
        "POST",
        PREDICTIONS,
        params={"override": json.dumps(override)},
        files=[("films", (path.name, path.read_bytes(), "image/png")) for path in films],
        headers={"accept-language": language},
    )
    of_command, of_api = json.loads(ran.out)["predictions"], response.json()["predictions"]
    answered = [True, True, override, False]
    assert [entry["predicted"] is not None for entry in of_api] == answered
    assert [entry["error"] is None for entry in of_api] == answered
    assert [remark["code"] for remark in of_api[1]["warnings"]] == ["film-transparent"]
    assert of_api[0]["called"]
    for path, ours, theirs in zip(films, of_command, of_api, strict=True):
        shape.validate(ours)
        shape.validate(theirs)
        assert (theirs["path"], theirs["truth"]) == (None, None)
        if ours["error"] is not None:
            assert ours["error"].pop("message") == ours["error"]["detail"]
        truth = path.parent.name if path.parent.name == "NORMAL" else None
        check_same(ours, theirs | {"path": str(path), "truth": truth})


def test_a_prevalence_adds_its_value_and_nothing_else(
    cli: Cli, model: Path, films: list[Path], shape: Draft202012Validator
) -> None:
    plain, valued = (
        json.loads(cli("predict", model, films[0], "--json", *words).out)["predictions"][0]
        for words in ([], ["--prevalence", "COVID=0.02"])
    )
    shape.validate(valued)
    values = {
        name: [point.pop("predictive_value") for point in points] for name, points in valued["called"].items() if points
    }
    assert all(value["n"] > 0 for value in values.pop("COVID"))
    assert not any(value for of_class in values.values() for value in of_class)
    for points in plain["called"].values():
        assert [point.pop("predictive_value") for point in points] == [None] * len(points)
    check_same(valued, plain)
