import pytest

from faults.row import Row
from faults.rows import ROWS


@pytest.mark.parametrize("row", ROWS, ids=[row.fault for row in ROWS])
def test_what_must_hold_holds(row: Row, tmp_path) -> None:
    outcome = row.run(row.short, tmp_path)
    assert outcome.failures == ()
    assert outcome.trials >= row.short
