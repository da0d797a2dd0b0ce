"""Following a training: whole rows, each once, and how far it is."""

import json
import os
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest
from builders import make_recipe
from conftest import Ran
from growing_run import RECIPE, Training, start

from plainfilm.errors import RequestError
from plainfilm.serving.api import schema
from plainfilm.serving.api.training_progress import MAX_ROWS, training_progress
from plainfilm.training.history import COLUMNS, read_history


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run before its first step."""
    return start(tmp_path / "run", RECIPE)


def test_each_step_of_a_growing_history_is_told_once(run):
    training, told, after = Training(run), [], 0
    for steps in (1, 0, 7, 12, 20):
        training.go(steps)
        found = training_progress(run, after)
        told += found["steps"]
        after = found["next"]
    assert told == [asdict(step) for step in read_history(run / "history.csv")]
    assert [step["step"] for step in told] == list(range(40))


def test_a_half_written_row_is_left_out_until_it_is_whole(run):
    training = Training(run)
    training.go(9)
    before = (run / "history.csv").read_bytes()
    training.go(1)
    whole = (run / "history.csv").read_bytes()
    for length in range(len(before), len(whole)):
        (run / "history.csv").write_bytes(whole[:length])
        assert training_progress(run)["next"] == 9
    (run / "history.csv").write_bytes(whole)
    assert training_progress(run, 9)["steps"] == [asdict(step) for step in read_history(run / "history.csv")[9:]]


def test_a_resumed_training_that_went_back_says_so(run):
    Training(run).go(17)
    assert training_progress(run, 17)["next"] == 17
    resumed = Training(run, at=10)
    assert (
        training_progress(run, 17)["next"],
        training_progress(run, 17)["steps"],
        training_progress(run, 17)["state"],
    ) == (10, [], "running")
    resumed.go(5)
    assert [step["step"] for step in training_progress(run, 10)["steps"]] == [10, 11, 12, 13, 14]


def test_it_is_finished_once_the_model_is_tested(run):
    training = Training(run)
    assert training_progress(run)["state"] == "waiting"
    training.go(39)
    assert training_progress(run)["state"] == "running"
    training.go(1)
    assert (training_progress(run)["state"], training_progress(run)["is_finished"]) == ("testing", False)
    training.write("done")
    assert (
        training_progress(run)["state"],
        training_progress(run)["is_finished"],
        training_progress(run)["seconds_left"],
    ) == ("finished", True, None)
    Training(run, at=40)  # gone on with, as after an update: only the model is written again
    assert (training_progress(run)["state"], training_progress(run)["is_finished"]) == ("testing", False)


def test_a_training_without_a_step_for_long_is_stalled(run):
    training = Training(run)
    training.go(20, seconds=30)
    age_in_history(run, 500)
    assert training_progress(run)["state"] == "running"  # as long as fewer than 20 of its slow steps
    age_in_history(run, 700)
    assert training_progress(run)["state"] == "stalled"
    assert training_progress(run)["seconds_left"] is None
    assert training_progress(run)["updated_s_ago"] >= 700
    age_in_history(run, -700)  # a clock that was set back
    assert training_progress(run)["updated_s_ago"] == 0


def age_in_history(run: Path, seconds: float) -> None:
    now = os.stat(run / "recipe.toml").st_mtime
    os.utime(run / "history.csv", (now - seconds, now - seconds))


def test_the_time_left_counts_the_size_of_the_films(run):
    training = Training(run)
    training.go(10)
    assert training_progress(run)["seconds_left"] is None  # a single line of the log has no pace
    training.go(10)  # 20 steps of 1 s at 64 px are done; the 20 left have four times the area
    assert training_progress(run)["seconds_left"] == pytest.approx(20 * 4)
    training.go(20, seconds=4)
    assert training_progress(run)["seconds_left"] is None
    assert training_progress(run)["total_steps"] == 40


def test_the_time_left_forgets_the_pace_before_a_stop(run):
    Training(run).go(20, seconds=100)
    resumed = Training(run, at=20)
    assert training_progress(run)["seconds_left"] is None
    resumed.go(19, seconds=4)
    assert training_progress(run)["seconds_left"] is None
    resumed.go(1)
    assert training_progress(run)["state"] == "testing"


def test_the_best_epoch_is_the_one_that_is_kept(run):
    training = Training(run)
    training.go(20, accuracies={0: 0.9, 1: 0.8})
    found = training_progress(run)
    assert (found["best_epoch"], found["best_validation_accuracy"], found["is_best_kept"]) == (0, 0.9, False)
    training.go(20, accuracies={2: 0.7, 3: 0.6})
    found = training_progress(run)
    assert (found["best_epoch"], found["best_validation_accuracy"], found["is_best_kept"]) == (2, 0.7, True)
    assert found["last_validation_accuracy"] == 0.6
    assert found["stages"] == [{"first_step": 0, "size_px": 64}, {"first_step": 20, "size_px": 128}]


def test_a_long_history_is_thinned_evenly(tmp_path):
    recipe = make_recipe(epochs=(1000,))
    run = start(tmp_path / "long", recipe)
    Training(run, recipe=recipe, steps_per_epoch=100).go(77_077)
    found = training_progress(run)
    numbers = [step["step"] for step in found["steps"]]
    assert MAX_ROWS / 2 < len(numbers) <= MAX_ROWS
    assert numbers == sorted(set(numbers))
    assert (numbers[0], numbers[-1], found["next"]) == (0, 77_076, 77_077)
    assert max(after - before for before, after in pairwise(numbers)) == found["every"]
    assert 200 < sum(step["validation_loss"] is not None for step in found["steps"]) <= MAX_ROWS / 4 + 10
    assert len(training_progress(run, 77_070)["steps"]) == 7


def test_a_history_where_each_step_is_validated_is_bounded(tmp_path):
    recipe = make_recipe(sizes_px=(64, 80, 96, 112), epochs=4 * (1000,))
    run = start(tmp_path / "long", recipe)
    Training(run, recipe=recipe, steps_per_epoch=1).go(4000)
    assert len(training_progress(run)["steps"]) <= MAX_ROWS


def test_before_its_first_step_a_run_waits(run, tmp_path):
    reading = tmp_path / "reading"
    reading.mkdir()
    for folder in (run, reading):
        assert (
            training_progress(folder)["state"],
            training_progress(folder)["steps"],
            training_progress(folder)["next"],
        ) == ("waiting", [], 0)
    (reading / "pixels-64.npy").write_bytes(b"")
    assert training_progress(reading)["state"] == "waiting"
    assert training_progress(run)["epochs"] == 4


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "letter.txt").write_text("dear")
    for folder in (tmp_path / "letters", tmp_path / "missing"):
        with pytest.raises(RequestError, match="run-not-there"):
            training_progress(folder)


@pytest.mark.parametrize(
    "content", [b"\xff\n", b"step,loss\n1,2\n", (",".join(COLUMNS) + "\n0,0,loss,1,1,,\n").encode(), b"0,0\n" * 3]
)
def test_a_history_that_is_none_is_refused(run, content):
    (run / "history.csv").write_bytes(content)
    with pytest.raises(RequestError, match="run-damaged"):
        training_progress(run)


def test_a_damaged_log_costs_the_time_left_alone(run):
    training = Training(run)
    training.go(20)
    (run / "log.jsonl").write_bytes(b'[]\n{"event": "epoch"}\n\xff\n{"event": ')
    assert (
        training_progress(run)["next"],
        training_progress(run)["seconds_left"],
        training_progress(run)["total_steps"],
    ) == (20, None, None)


def test_a_log_longer_than_what_is_read_of_it(run):
    training = Training(run)
    training.go(20)
    for _ in range(2000):
        training.write("warning", code=100 * "x")
    training.go(10, seconds=4)
    assert training_progress(run)["total_steps"] == 40


def test_a_real_training(trained: tuple[Path, Ran]):
    run, _ = trained
    found = training_progress(run)
    assert schema.Run.model_validate(found).model_dump() == found
    assert found["steps"] == [asdict(step) for step in read_history(run / "history.csv")]
    assert found["is_finished"]
    assert found["num_validation"] > 0
    assert str(run) not in json.dumps(found)
    printed = json.dumps(found, allow_nan=False)
    assert not any(path.name in printed for path in run.iterdir())
