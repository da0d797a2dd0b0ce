from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from plainfilm.training.history import History, Step, read_history

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def write(path: Path, steps: list[Step], keep: int = 0) -> Path:
    with closing(History(path, keep=keep)) as history:
        for step in steps:
            history.append(step)
        history.sync()
    return path


def some_steps(count: int) -> list[Step]:
    return [
        Step(number, number // 3, 1 / (number + 3), 2 / 3, 1e-3 / 7, *((0.1, 0.9) if number % 3 == 2 else ()))
        for number in range(count)
    ]


@given(
    st.lists(
        st.builds(Step, st.integers(0), st.integers(0), FINITE, FINITE, FINITE, st.none() | FINITE, st.none() | FINITE),
        max_size=5,
    )
)
def test_floats_come_back_exactly(tmp_path_factory, steps):
    path = write(tmp_path_factory.getbasetemp() / "history.csv", steps)
    found = read_history(path)
    assert found == steps
    assert [repr(step) for step in found] == [repr(step) for step in steps]


def test_the_columns_that_others_read(tmp_path):
    lines = write(tmp_path / "history.csv", some_steps(3)).read_text().splitlines()
    assert lines[0] == "step,epoch,loss,accuracy,learning_rate,validation_loss,validation_accuracy"
    assert lines[1].endswith(",,")
    assert lines[3].endswith(",0.1,0.9")


@pytest.mark.parametrize("keep", [0, 1, 4, 6])
def test_going_on_equals_never_having_stopped(tmp_path, keep):
    """Rows after the checkpoint, also one that a killed process wrote in part, are cut and written again."""
    unbroken = write(tmp_path / "unbroken.csv", some_steps(9)).read_bytes()
    path = write(tmp_path / "history.csv", [replace(step, loss=step.loss) for step in some_steps(6)])
    path.write_bytes(path.read_bytes() + b"6,2,0.33")
    write(path, some_steps(9)[keep:], keep=keep)
    assert path.read_bytes() == unbroken
    assert not list(tmp_path.glob(".*"))


def test_a_row_can_be_read_as_soon_as_it_is_there(tmp_path):
    with closing(History(tmp_path / "history.csv", keep=0)) as history:
        assert read_history(tmp_path / "history.csv") == []
        history.append(some_steps(1)[0])
        assert read_history(tmp_path / "history.csv") == some_steps(1)
