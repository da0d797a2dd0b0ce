"""The Python API: the commands as functions, to the same bits and words."""

import copy
import inspect
import json
import shutil
import signal
import subprocess
import sys
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import plainfilm
from plainfilm.api import results
from plainfilm.api.quiet import Quiet
from plainfilm.cli import COMMANDS
from plainfilm.errors import Interrupted
from plainfilm.io.stopping import stop_requests
from plainfilm.messages import LANGUAGES
from tests.conftest import Cli, Ran

FUNCTIONS = ("audit", "compare", "cross_validate", "drift", "evaluate", "index", "predict", "report", "train")
OWN_TO_A_TERMINAL = {"as_json", "profile"}
SIGNATURES = {
    "audit": "(sources, *, model=None, table=(), recipe=None, out=None, source=(), follow_links=False, encoding='', "
    "assume_chest=False, lang='')",
    "compare": "(first, second, *, lang='')",
    "cross_validate": "(sources, *, out, table=(), recipe='fast', folds=5, seeds=(), workers=0, threads=None, "
    "follow_links=False, encoding='', assume_chest=False, lang='')",
    "drift": "(paths, *, out=None, lang='')",
    "evaluate": "(model, sources=(), *, table=(), recipe=None, out=None, prevalence=None, follow_links=False, "
    "encoding='', assume_chest=False, lang='')",
    "index": "(sources, *, table=(), recipe='fast', out=None, follow_links=False, encoding='', assume_chest=False, "
    "lang='')",
    "load": "(model=None, *, assume_chest=False)",
    "predict": "(model, paths, *, table=(), maps=None, csv=None, prevalence=None, override=False, follow_links=False, "
    "encoding='', assume_chest=False, lang='')",
    "report": "(run, *, lang='')",
    "train": "(sources=(), *, table=(), recipe=None, out=None, init=None, resume=None, source=(), workers=0, "
    "threads=None, int8=False, follow_links=False, encoding='', assume_chest=False, lang='')",
}


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


# --- the surface -----------------------------------------------------------------------------------------------------


def test_the_signatures_are_frozen() -> None:
    found = {}
    for name in SIGNATURES:
        signature = inspect.signature(getattr(plainfilm, name))
        bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in signature.parameters.values()]
        found[name] = str(inspect.Signature(bare))
    assert found == SIGNATURES


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_has_the_options_of_its_command(name: str) -> None:
    (command,) = [function for known, function, _ in COMMANDS if known.replace("-", "_") == name]
    options = set(inspect.signature(command).parameters) - OWN_TO_A_TERMINAL
    if name == "predict":  # on a command line the model is the first of the paths, if it is one
        options.add("model")
    assert set(inspect.signature(getattr(plainfilm, name)).parameters) == options


@pytest.mark.parametrize("name", SIGNATURES)
def test_every_function_is_documented(name: str) -> None:
    assert "Raises" in (getattr(plainfilm, name).__doc__ or "")


def test_the_package_says_that_it_is_typed() -> None:
    assert (Path(plainfilm.__file__).parent / "py.typed").is_file()


# --- the same bits ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ours(phantoms: Path, short_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The run of the fixture `trained`, once more, by the function."""
    out = tmp_path_factory.mktemp("api") / "unbroken"
    return plainfilm.train(phantoms, recipe=str(short_recipe), out=out, threads=1, lang="en")


def test_train_leaves_the_files_of_the_command(ours: Any, trained: tuple[Path, Ran]) -> None:
    run = trained[0]
    for name in ("history.csv", "index.csv", "model.onnx", "evaluation/metrics.json", "evaluation/predictions.csv"):
        assert (ours.folder / name).read_bytes() == (run / name).read_bytes(), name


def test_a_run_prints_what_the_command_prints(ours: Any, trained: tuple[Path, Ran]) -> None:
    printed = trained[1].out.replace(str(trained[0]), str(ours.folder))
    assert str(ours) in printed
    assert repr(ours) == str(ours)
    assert list(ours.lines) == [line for line in printed.splitlines() if line.startswith("Epoch:")]


def test_a_run_has_its_tables(ours: Any, trained: tuple[Path, Ran]) -> None:
    metrics = json.loads((trained[0] / "evaluation/metrics.json").read_text(encoding="utf-8"))
    assert ours.accuracy.value == metrics["accuracy"]["value"]
    assert ours.classes == ("NORMAL", "Viral_Pneumonia", "COVID")
    assert len(ours.history) == 6
    assert len(ours.predictions) == len(ours.test.labels)
    figures = {(row["class"], row["figure"]): row["value"] for row in rows_of(ours.figures)}
    assert figures["", "accuracy"] == metrics["accuracy"]["value"]
    assert ours.as_dict()["test"] == metrics


def rows_of(table: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = table if isinstance(table, list) else table.to_dict("records")
    return found


CALLS: dict[str, Callable[[dict[str, Path]], tuple[list[object], Callable[[], Any]]]] = {
    "index": lambda at: (["index", at["films"]], lambda: plainfilm.index(at["films"])),
    "evaluate": lambda at: (
        ["evaluate", at["model"], at["strangers"], "--prevalence", "COVID=0.02"],
        lambda: plainfilm.evaluate(at["model"], [at["strangers"]], prevalence={"COVID": 0.02}),
    ),
    "predict": lambda at: (
        ["predict", at["model"], at["strangers"]],
        lambda: plainfilm.predict(plainfilm.load(at["model"]), str(at["strangers"])),
    ),
    "audit": lambda at: (["audit", at["films"]], lambda: plainfilm.audit(at["films"])),
    "compare": lambda at: (["compare", at["run"], at["run"]], lambda: plainfilm.compare(at["run"], at["run"])),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_result_says_what_the_command_says(
    name: str, cli: Cli, phantoms: Path, strangers: Path, trained: tuple[Path, Ran], model: Path
) -> None:
    words, call = CALLS[name]({"films": phantoms, "strangers": strangers, "run": trained[0], "model": model})
    result = call()
    assert str(result) == cli(*words).out.rstrip()
    assert json.loads(json.dumps(result.as_dict())) == json.loads(cli(*words, "--json").out)
    assert str(result.in_language("zh")) == cli(*words, "--lang", "zh").out.rstrip()


def test_a_report_is_written_again(trained: tuple[Path, Ran], tmp_path: Path) -> None:
    copy = tmp_path / "run"
    shutil.copytree(trained[0], copy)
    before = (copy / "report.html").read_bytes()
    (copy / "report.html").unlink()
    assert plainfilm.report(copy).path == copy / "report.html"
    assert (copy / "report.html").read_bytes() == before


def test_cross_validation_by_the_function_goes_on_by_the_command(
    cli: Cli, phantoms: Path, short_recipe: Path, tmp_path: Path
) -> None:
    out = tmp_path / "folds"
    done = plainfilm.cross_validate(phantoms, out=out, recipe=str(short_recipe), folds=3, threads=1)
    ran = cli("cross-validate", phantoms, "--recipe", short_recipe, "--folds", 3, "--out", out, "--json")
    assert json.loads(ran.out) == json.loads(json.dumps(done.as_dict()))


def test_answers_are_counted_and_have_a_table(model: Path, strangers: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_text("no film")
    answers = plainfilm.predict(model, [strangers / "COVID", tmp_path / "bad.png"])
    assert len(answers) == 17
    rows = rows_of(answers.table)
    assert (rows[-1]["problem"], rows[-1]["predicted"]) == ("film-is-text", "")
    assert all(
        abs(sum(row[f"p_{name}"] for name in answers.card.class_names) - 1) < 1e-9
        for row in rows[:-1]
        if row["predicted"]
    )


# --- errors and stops ------------------------------------------------------------------------------------------------


def test_an_error_is_the_sentence_of_the_command(cli: Cli, tmp_path: Path) -> None:
    for language in LANGUAGES:
        with pytest.raises(plainfilm.PlainfilmError) as raised:
            plainfilm.index(tmp_path / "nothing", lang=language)
        assert str(raised.value) in cli("index", tmp_path / "nothing", "--lang", language).err
        assert raised.value.code not in str(raised.value)


def test_a_language_that_there_is_none_of_is_refused(ours: Any, tmp_path: Path) -> None:
    for refused in (lambda: plainfilm.index(tmp_path, lang="xx"), lambda: ours.in_language("xx")):
        with pytest.raises(plainfilm.PlainfilmError, match="xx") as raised:
            refused()
        assert raised.value.code == "usage.language"
    with pytest.raises(plainfilm.PlainfilmError) as raised:
        plainfilm.index(tmp_path, lang="xx")
    assert raised.value.code not in str(raised.value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: plainfilm.load_recipe("nope"),
        lambda: plainfilm.decode(b""),
        lambda: plainfilm.index([]),
        lambda: plainfilm.audit([]),
        lambda: plainfilm.train("films", threads=-1),
        lambda: plainfilm.report("/proc/1/root"),
    ],
)
def test_every_error_is_a_sentence(call: Any) -> None:
    with pytest.raises(plainfilm.PlainfilmError) as raised:
        call()
    assert raised.value.code not in str(raised.value)


def test_a_stop_can_be_copied_and_so_sent_to_another_process() -> None:
    error = copy.copy(Interrupted("reading-stopped", signal_number=2, done=1, total=3))
    assert (error.code, error.exit_code, error.parameters) == ("reading-stopped", 130, {"done": 1, "total": 3})


def test_the_second_ctrl_c_is_a_keyboard_interrupt() -> None:
    with stop_requests() as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop() == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_films_without_an_answer_are_warned_of(model: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "bad.png").write_text("no film")
    plainfilm.predict(model, tmp_path / "bad.png")
    assert "bad.png" in capfd.readouterr().err


def test_what_contradicts_resume_is_refused(phantoms: Path, trained: tuple[Path, Ran]) -> None:
    with pytest.raises(plainfilm.PlainfilmError, match="--resume"):
        plainfilm.train(phantoms, resume=trained[0])


def test_a_thread_may_train(phantoms: Path) -> None:
    """Signals belong to the main thread; elsewhere none is noted, and nothing fails."""
    noted: list[int] = []

    def ask() -> None:
        with stop_requests() as stop:
            noted.append(stop())

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    assert noted == [0]


def test_ctrl_c_saves_and_says_how_to_go_on(phantoms: Path, short_recipe: Path, tmp_path: Path) -> None:
    program = f"""
import os, signal, threading, time, plainfilm
from pathlib import Path
run = Path({str(tmp_path / "run")!r})
def press():
    while not (run / "history.csv").exists() or len((run / "history.csv").read_text().splitlines()) < 3:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGINT)
threading.Thread(target=press).start()
recipe = plainfilm.load_recipe({str(short_recipe)!r})
from dataclasses import replace
recipe = replace(recipe, training=replace(recipe.training, epochs=(40,)))
try:
    plainfilm.train({str(phantoms)!r}, recipe=recipe, out=run, threads=1, lang="en")
except plainfilm.PlainfilmError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert f"--resume {tmp_path / 'run'}" in done.stdout
    assert list((tmp_path / "run/checkpoints").glob("step-*"))


# --- in a notebook ---------------------------------------------------------------------------------------------------


def test_a_notebook_shows_a_result_in_one_language(ours: Any) -> None:
    html = ours.in_language("zh")._repr_html_()
    assert "准确率" in html
    assert "Accuracy" not in html
    assert "lang=" not in html
    assert "<script" not in html


def test_names_of_the_user_are_escaped(phantoms: Path, tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>"
    shutil.copytree(phantoms / "COVID", tmp_path / "films" / name)
    shutil.copytree(phantoms / "NORMAL", tmp_path / "films" / "NORMAL")
    html = plainfilm.index(tmp_path / "films")._repr_html_()
    assert "<img src=x" not in html
    assert "&lt;img src=x" in html


def test_tables_need_no_pandas(ours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "find_spec", lambda _: None)
    assert isinstance(ours.history, list)
    assert ours.history[0]["step"] == 0


def test_a_notebook_without_jinja2_shows_the_text(ours: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "find_spec", lambda _: None)
    assert ours._repr_html_() is None


class Handle:
    """What IPython gives back of what it shows."""

    def __init__(self) -> None:
        self.shown: list[str] = []

    def update(self, data: dict[str, str], *, raw: bool) -> None:
        assert raw
        self.shown.append(data["text/html"])


def test_a_notebook_has_a_bar_that_vanishes(monkeypatch: pytest.MonkeyPatch) -> None:
    handle = Handle()
    shell = types.SimpleNamespace(kernel=object())
    fake = types.SimpleNamespace(
        get_ipython=lambda: shell, display=types.SimpleNamespace(display=lambda *_, **__: handle)
    )
    monkeypatch.setitem(sys.modules, "IPython", fake)  # type: ignore[arg-type]
    with Quiet("en").progress("progress.scan") as update:
        update(3, 10, "<b>")
    assert 'value="3" max="10"' in handle.shown[0]
    assert "&lt;b&gt;" in handle.shown[0]
    assert handle.shown[-1] == ""


def test_nothing_but_bars_and_warnings_is_printed(ours: Any, phantoms: Path, capfd: pytest.CaptureFixture[str]) -> None:
    plainfilm.index(phantoms)
    assert capfd.readouterr() == ("", "")
