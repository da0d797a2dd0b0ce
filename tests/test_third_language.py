"""A language is a folder of sentences and nothing else: a third one goes through commands, report, page and figures."""

import json
import os
import re
import subprocess
import sys
from importlib.metadata import distributions
from pathlib import Path

import pytest
from pseudo_language import LANGUAGE, NAME, NAMES, TAG, VALUES, english_left

from plainfilm.cli import COMMANDS
from plainfilm.locales import CATALOGUES
from tests.conftest import Ran
from tests.present.pages import Page

OURS = NAMES | VALUES | {LANGUAGE} | {part for name, *_ in COMMANDS for part in name.split("-")}

LIBRARIES = {part for found in distributions() for part in re.findall("[a-z]+", found.name.lower())}
CODE = ("pre", "code")  # what a machine reads


def speak(package: Path, *words: object) -> Ran:
    """Call the command line of that package, which finds the language in its environment."""
    surroundings = os.environ | {"PYTHONPATH": str(package), "LC_ALL": f"{LANGUAGE}.UTF-8", "PYTHONUTF8": "1"}
    line = [sys.executable, "-m", "plainfilm", *map(str, words)]
    done = subprocess.run(line, env=surroundings, cwd=package, capture_output=True, text=True, check=False)
    return Ran(done.returncode, done.stdout, done.stderr)


def test_the_pseudo_language_has_every_key(package: Path) -> None:
    for path in (package / "plainfilm/locales/en").glob("[!_]*.py"):
        assert (package / "plainfilm/locales" / LANGUAGE / path.name).is_file()
    program = "from plainfilm.locales import CATALOGUES; print([len(of) for of in CATALOGUES.values()])"
    done = subprocess.run([sys.executable, "-c", program], cwd=package, capture_output=True, text=True)
    assert json.loads(done.stdout) == [len(CATALOGUES["en"])] * (len(CATALOGUES) + 1)


@pytest.mark.parametrize("words", [[], *([name] for name, *_ in COMMANDS)])
def test_help(package: Path, words: list[str]) -> None:
    ran = speak(package, *words, "--help")
    assert ran.code == 0, ran.err
    assert english_left(ran.out, OURS) == set()
    assert "Üšágéëé:" in ran.out


@pytest.mark.parametrize(
    "words",
    [
        *(["trin"], ["train", "--nothing"], ["evaluate"], ["train", "--threads", "x"], ["train", "--out"], ["train"]),
        *(["train", "x", "--recipe", "nothing"], ["index", "nothing"], ["predict", "nothing.onnx", "x"]),
    ],
)
def test_wrong_calls(package: Path, words: list[str]) -> None:
    ran = speak(package, *words)
    assert ran.code in (1, 2)
    assert ran.err.startswith("Érrörëé: ")
    assert english_left(ran.err, {*OURS, "trin", "nothing"}) == set()


def test_a_recipe_that_is_impossible(package: Path, tmp_path: Path, phantoms: Path) -> None:
    lines = (
        *("data.channels = 2", "training.epochs = []", "training.sizes_px = [65]", "x.y = 1"),
        *("augment.strength = 4", "training.seed = 'a'", 'data.classes = ["a"]'),
    )
    for number, line in enumerate(lines):
        recipe = tmp_path / f"{number}.toml"
        recipe.write_text(line)
        ran = speak(package, "index", phantoms, "--recipe", recipe)
        assert ran.code == 2, ran
        shown = ran.err.replace(str(recipe), "")
        names = {
            "data",
            "task",
            "channels",
            "training",
            "epochs",
            "seed",
            "augment",
            "strength",
            "classes",
            "report",
            "model",
            "decision",
        }
        assert english_left(shown, {*OURS, *names, "split"}) == set()


def test_commands(package: Path, model: Path, phantoms: Path, strangers: Path, tmp_path: Path) -> None:
    film = sorted(strangers.rglob("*.png"))[0]
    (tmp_path / "text.png").write_text("text")
    calls = (
        ["index", phantoms],
        ["doctor", model, phantoms, film],
        ["doctor"],
        ["predict", model, film, tmp_path / "text.png", "--prevalence", "COVID=0.02"],
        ["evaluate", model, strangers],
        ["compare", model.parent, model.parent],
    )
    for words in calls:
        ran = speak(package, *words)
        assert "Traceback" not in ran.err, ran.err
        shown = (ran.out + ran.err).replace(str(tmp_path), "")
        assert english_left(shown, OURS | LIBRARIES) == set(), words


def test_report_figures_and_audit(package: Path, trained: tuple[Path, Ran], tmp_path: Path) -> None:
    run = tmp_path / "run"
    subprocess.run(["cp", "-r", str(trained[0]), str(run)], check=True)
    ran = speak(package, "audit", run)
    assert ran.code == 0, ran.err
    assert english_left(ran.out, OURS | {"audit"}) == set()
    ran = speak(package, "report", run)
    assert ran.code == 0, ran.err
    page = Page((run / "report.html").read_text(encoding="utf-8"))
    told = [text for tag, of, text in page.texts if of in ("", TAG) and tag not in (*CODE, "style", "script", "title")]
    assert english_left("\n".join(told), OURS) == set()
    assert NAME in (run / "report.html").read_text(encoding="utf-8")


PROGRAM = f"""
import json, sys
from pathlib import Path
import matplotlib.text
import numpy as np
from plainfilm.messages import shown
from plainfilm.model.answer import Answer
from plainfilm.model.predictor import Predictor
from plainfilm.present import figures
from plainfilm.task import task_of
from plainfilm.serving.dicom.structured_report import Author, _sentences
model, film, folder = map(Path, sys.argv[1:])
words, save = [], figures.Figure.savefig
def spy(figure, *arguments, **options):
    save(figure, *arguments, **options)
    words.extend(item.get_text() for item in figure.findobj(matplotlib.text.Text) if item.get_visible())
figures.Figure.savefig = spy
predictor = Predictor(model)
names = [entry.shown("{LANGUAGE}") for entry in predictor.card.classes]
steps = [dict(step=k, epoch=k // 2, loss=1 / (k + 1), accuracy=k / 4) for k in range(4)]
notices = figures.draw_history(steps, steps[1::2], folder / "a.png", language="{LANGUAGE}")
notices += figures.draw_confusion(np.eye(3, dtype=int) * 9, names, folder / "b.png", language="{LANGUAGE}")
author = Author(predictor.card, "0" * 12, "{LANGUAGE}", True)
prediction = predictor.predict_bytes(film.read_bytes())
said = task_of("classes").showing.answer_json(Answer.of(prediction, override=False), predictor.card, "{LANGUAGE}", {{}})
report = [shown(words, "{LANGUAGE}") for *_, words in _sentences(prediction, said, author)]
print(json.dumps([list(notices), words, report]))
"""


def test_figures_and_the_structured_report(package: Path, model: Path, strangers: Path, tmp_path: Path) -> None:
    film = sorted(strangers.rglob("*.png"))[0]
    line = [sys.executable, "-c", PROGRAM, model, film, tmp_path]
    done = subprocess.run(line, cwd=package, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    notices, drawn, report = json.loads(done.stdout)
    assert notices == []  # nothing was said in another language for want of letters
    assert len(drawn) > 10
    assert len(report) >= 4
    assert english_left("\n".join([*drawn, *report]), OURS) == set()
