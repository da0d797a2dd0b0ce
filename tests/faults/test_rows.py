import os
from pathlib import Path

import pytest

from faults.rows import ROWS
from faults.run import outcome


@pytest.mark.parametrize("number", range(1, len(ROWS) + 1), ids=[row.fault for row in ROWS])
def test_what_must_hold_holds(number: int, tmp_path) -> None:
    row = ROWS[number - 1]
    if row.within and os.geteuid() != 0 and not os.environ.get("CI"):
        pytest.skip(f"{row.within[0]} is for root")
    found = outcome(number, row.short, tmp_path)
    assert list(found.failures) == []
    assert found.trials >= row.short


def test_every_row_that_a_module_describes_is_in_the_table() -> None:
    modules = [
        path.stem for path in Path(__file__).parent.glob("*.py") if "\n@row(" in path.read_text(encoding="utf-8")
    ]
    assert sorted(row.run.__module__ for row in ROWS) == sorted(f"faults.{module}" for module in modules)


def test_the_document_has_these_rows_in_this_order() -> None:
    """What was found is printed by `benchmarks/faults.py`."""
    lines = (Path(__file__).parents[2] / "docs" / "faults.md").read_text(encoding="utf-8").splitlines()
    _head, *rows = (line for line in lines if line.startswith("| "))
    begun = [f"| {row.fault} | {row.must_hold} | **" for row in ROWS]
    assert [line[: len(begin)] for line, begin in zip(rows, begun, strict=True)] == begun
