"""The Python API on films with several findings, and what its page shows of them."""

import csv
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

import plainfilm
from plainfilm.data.phantom import draw
from plainfilm.messages import LANGUAGES
from plainfilm.sklearn import FilmClassifier

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
NUM_FILMS = 120


def write_films(folder: Path) -> None:
    """films.zip, findings.csv and a.png: a disc is a Nodule, a bar a Mass; some cells are uncertain, some blank."""
    rows: list[tuple[object, ...]] = [("path", "Nodule", "Mass")]
    (folder / "films").mkdir(parents=True)
    for number in range(NUM_FILMS):
        film = Image.fromarray(draw("NORMAL", seed=17, number=number, size=64).pixels)
        nodule, mass = number % 2, number // 2 % 2
        if nodule:
            ImageDraw.Draw(film).ellipse((12, 20, 28, 36), fill=255)
        if mass:
            ImageDraw.Draw(film).rectangle((36, 26, 52, 34), fill=0)
        film.save(folder / "films" / f"{number}.png")
        rows.append((f"{number}.png", -1 if number % 10 == 3 else nodule, mass or ""))
    with (folder / "findings.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    shutil.make_archive(str(folder / "films"), "zip", folder / "films")
    shutil.copy(folder / "films" / "3.png", folder / "a.png")


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the page's example leaves, run as it is written, but for fewer epochs of smaller films."""
    folder = tmp_path_factory.mktemp("findings")
    write_films(folder)
    code = re.search(r"^## Several findings\n.*?^```python\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    assert code
    found: dict[str, Any] = {"plainfilm": plainfilm}
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("LC_ALL", "C.UTF-8")
        patch.setattr(plainfilm, "load_recipe", small_recipe, raising=False)
        exec(code[1], found)
    return found


def small_recipe(name: str) -> plainfilm.Recipe:
    """A recipe of the package, for a training of seconds."""
    given = plainfilm.config.load_recipe(name)
    training = replace(given.training, sizes_px=(64,), epochs=(1,), ema_decay=0.5, precision="float32")
    return replace(
        given,
        model=replace(given.model, width=16),
        training=training,
        decision=replace(given.decision, out_of_fold=2),
        split=replace(given.split, validation=0.2, test=0.2),
    )


def test_the_example_of_the_page_runs_and_has_what_it_says(example: dict[str, Any]) -> None:
    run, elsewhere, answers = (example[name] for name in ("run", "elsewhere", "answers"))
    assert run.headline == run.test.figures.overall["macro_auc"]
    assert elsewhere.headline == elsewhere.evaluation.figures.overall["macro_auc"]
    assert set(run.test.figures.findings) == set(run.classes) == {"Mass", "Nodule"}
    assert np.isnan(run.test.targets).any()  # the uncertain ones are ignored
    columns = {f"{kind}_{name}" for kind in ("p", "state") for name in run.classes}
    assert columns <= set(rows_of(answers.table)[0])


def test_figures_are_a_row_a_finding_and_figure(example: dict[str, Any]) -> None:
    run = example["run"]
    by_name = {(row["class"], row["figure"]): row["value"] for row in rows_of(run.figures)}
    assert by_name["", "macro_auc"] == run.headline.value
    assert by_name["Mass", "auc"] == run.test.figures.findings["Mass"].auc.value


def rows_of(table: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table if isinstance(table, list) else table.to_dict("records")
    return found


@pytest.mark.parametrize("language", LANGUAGES)
def test_findings_have_no_accuracy_and_the_error_says_what_they_have(example: dict[str, Any], language: str) -> None:
    for name in ("run", "elsewhere"):
        with pytest.raises(plainfilm.PlainfilmError, match=r"headline.*macro_auc") as raised:
            _ = example[name].in_language(language).accuracy
        assert raised.value.code not in str(raised.value)


def test_a_notebook_shows_findings_in_one_language(example: dict[str, Any]) -> None:
    for name in ("run", "answers"):  # a test elsewhere names the columns of the table as they are
        html = example[name].in_language("zh")._repr_html_()
        assert "肿块" in html
        assert "Mass" not in re.sub(r"<[^>]*>", "", html)


def test_a_recipe_of_findings_is_none_for_scikit_learn(example: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(plainfilm.PlainfilmError, match=r"plainfilm\.train") as raised:
        FilmClassifier("findings", threads=1).fit(["a.png", "b.png"], ["x", "y"])
    assert raised.value.code == "classifier-classes-alone"
