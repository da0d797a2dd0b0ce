"""Where the seconds of a training went."""

import json
from pathlib import Path

import torch
from torch import nn

from plainfilm.training.profile import OPERATIONS, OTHER, Profile
from tests.conftest import Ran


def test_a_step_is_shared_out_and_each_operation_counts_once() -> None:
    profile = Profile()
    stem = nn.Sequential(nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(16))
    head = nn.Sequential(nn.Flatten(), nn.Linear(32, 2, bias=False))
    films = torch.rand(4, 1, 32, 32)
    with profile.cause("batches"):
        pass
    with profile.step(32):
        pooled = stem(films)
        head(pooled + pooled).sum().backward()
        with profile.cause("finite"):
            stem(films)
    (steps,) = profile.profiled().sizes.values()
    assert steps.steps == 1
    assert set(steps.causes) - {"cast"} == {*OPERATIONS.values(), "batches", "finite", OTHER} - {"cast"}
    assert all(seconds >= 0 for seconds in steps.causes.values())


def test_an_operation_within_a_cause_is_the_causes() -> None:
    profile = Profile()
    with profile.step(32), profile.cause("validation"):
        nn.Conv2d(1, 8, 3)(torch.rand(4, 1, 32, 32))
    (steps,) = profile.profiled().sizes.values()
    assert set(steps.causes) == {"validation", OTHER}


def test_what_follows_a_step_belongs_to_its_size_and_the_first_batch_to_the_first() -> None:
    profile = Profile()
    for before, size, after in (("batches", 32, "validation"), ("batches", 64, "checkpoint")):
        with profile.cause(before):
            pass
        with profile.step(size):
            pass
        with profile.cause(after):
            pass
    sizes = profile.profiled().sizes
    assert set(sizes["32"].causes) == {"batches", OTHER, "validation"}
    assert set(sizes["64"].causes) == {OTHER, "checkpoint"}


def test_stages_of_one_name_add_up() -> None:
    profile = Profile()
    with profile.stage("fit"):
        pass
    once = profile.profiled().stages["fit"]
    with profile.stage("fit"):
        pass
    assert profile.profiled().stages["fit"].seconds > once.seconds


def test_a_profiled_training_says_where_its_time_went(trained: tuple[Path, Ran]) -> None:
    """That its bits are those of one that is not profiled, other tests show: they resume to this run."""
    run, ran = trained
    found = json.loads((run / "profile.json").read_text())
    assert list(found["stages"]) == ["index", "sizes", "training", "fit", "test", "model-file", "report"]
    (steps,) = found["sizes"].values()
    assert steps["steps"] == len((run / "history.csv").read_text().splitlines()) - 1
    assert sum(steps["causes"].values()) <= found["stages"]["training"]["seconds"]
    for words in ("convolutions, backward", "calibration, input check, map check"):
        assert words in ran.out
