"""What commands print: stdout for results, stderr for the rest, one line a sentence."""

import os
import pty
import subprocess
import sys

import pytest

from plainfilm.errors import FilmError
from plainfilm.messages import say, told
from plainfilm.present.terminal import Terminal

SPEAK_BEHIND_A_BAR = """
from plainfilm.present.terminal import Terminal
terminal = Terminal("en")
with terminal.progress("progress.train", 3) as update:
    update(1, 3)
    terminal.line("a result")
"""


def test_results_go_to_stdout_even_behind_a_progress_bar() -> None:
    """`plainfilm train ... > log.txt` on a terminal: the bar stays there, the lines belong into the file."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([sys.executable, "-c", SPEAK_BEHIND_A_BAR], stdout=subprocess.PIPE, stderr=theirs) as process:
        assert process.stdout is not None
        out = process.stdout.read()
    os.close(theirs)
    assert out == b"a result\n"
    assert b"Training" in os.read(ours, 10_000)
    os.close(ours)


def test_no_bar_where_stderr_is_no_terminal() -> None:
    done = subprocess.run([sys.executable, "-c", SPEAK_BEHIND_A_BAR], capture_output=True, check=True)
    assert (done.stdout, done.stderr) == (b"a result\n", b"")


def test_json_silences_all_but_errors_and_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal("en", as_json=True)
    terminal.say("card.not-tested")
    terminal.line("a line")
    terminal.table(["a"], [["b"]])
    terminal.warn(say("error.about", about="a\nb.png", message=told(FilmError("film-empty"))))
    terminal.json({"名": 1})
    out, err = capsys.readouterr()
    assert out == '{\n  "名": 1\n}\n'
    assert (
        err == "Error: a\\nb.png: the file is empty; expected a PNG, JPEG, TIFF, BMP, WebP, JPEG 2000 or DICOM image\n"
    )


def test_a_cell_is_shown_as_it_is_and_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal("en").table(["Film", "n"], [["[bold]two\nlines\x1b[31m :smile:", 3]])
    out, _ = capsys.readouterr()
    assert "[bold]two\\nlines\\x1b[31m :smile:  3" in out


def test_a_long_sentence_is_not_broken(capsys: pytest.CaptureFixture[str]) -> None:
    Terminal("en").line("word " * 100)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_a_table_fits_80_columns_and_loses_no_character(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("plainfilm.present.terminal.PIPE_WIDTH", 80)
    path = "/".join(["archive"] * 12) + "/film.png"
    Terminal("zh").table(["序号", "胶片", "预测"], [[1, path, "COVID-19 新冠肺炎"]], left=3)
    lines = capsys.readouterr().out.splitlines()
    assert max(len(line) for line in lines) <= 80
    shown = "".join(line[6:].split("  ")[0].strip() for line in lines[2:])
    assert path in shown.replace(" ", "")


def test_in_a_pipe_a_row_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    path = "/".join(["archive"] * 40) + "/film.png"
    Terminal("en").table(["Film", "Prediction"], [[path, "COVID-19"]], left=2)
    assert f"{path}  COVID-19" in capsys.readouterr().out


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_terminal_that_knows_no_chinese_is_no_crash(encoding: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "plainfilm", "index", "没有", "--lang", "zh"],
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding},
        check=False,
    )
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"\\u6ca1\\u6709" in done.stderr


def test_a_line_steps_around_the_bar_on_one_screen() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", SPEAK_BEHIND_A_BAR], stdout=theirs, stderr=theirs, env=os.environ | {"TERM": "xterm"}
    ) as process:
        process.wait(20)
    os.close(theirs)
    shown = os.read(ours, 50_000)
    os.close(ours)
    assert b"\x1b[2Ka result\r\n" in shown  # the bar's line is erased first
