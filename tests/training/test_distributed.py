import os
import subprocess
import sys
from pathlib import Path

import pytest
import share_a_batch

from plainfilm.training import checkpoint
from plainfilm.training.distributed import Team
from plainfilm.training.history import read_history


@pytest.fixture(scope="module", params=["classes", "findings"])
def runs(tmp_path_factory, request) -> Path:
    folder = tmp_path_factory.mktemp("shared")
    done = subprocess.run(
        [sys.executable, share_a_batch.__file__, request.param, str(folder), "1", "2", "3"],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("count", [2, 3])
def test_any_number_of_processes_comes_to_the_same(runs, count):
    """Losses, weights, moments, averages, running statistics, counts: also of batches that not every process shares."""
    alone, together = (read_history(runs / str(number) / "history.csv") for number in (1, count))
    assert len(alone) == 3
    for one, other in zip(alone, together, strict=True):
        assert one.loss == pytest.approx(other.loss, abs=1e-5)
        assert one.accuracy == other.accuracy
        assert one.validation_accuracy == other.validation_accuracy
        assert one.validation_loss == pytest.approx(other.validation_loss, abs=1e-5)
    (first, notes), (second, other_notes) = (
        checkpoint.load_last(runs / str(number) / "checkpoints", pytest.fail) for number in (1, count)
    )
    assert first.keys() == second.keys()
    for name, tensor in first.items():
        assert float((tensor - second[name]).abs().max()) <= 1e-5 * max(1.0, float(tensor.abs().max())), name
    assert "processes" not in notes["facts"]
    assert other_notes["facts"]["processes"] == count


def test_only_the_first_process_writes(runs):
    names = [sorted(path.name for path in (runs / count).rglob("*") if path.is_file()) for count in "123"]
    assert names[0] == names[1] == names[2]


@pytest.mark.parametrize("count", [1, 2, 3, 7])
def test_shares_are_all_of_it_in_order(count):
    for total in range(20):
        shares = [list(Team(rank, count).share(total)) for rank in range(count)]
        assert [number for share in shares for number in share] == list(range(total))
        assert max(map(len, shares)) - min(map(len, shares)) <= 1
