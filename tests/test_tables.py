"""Tables come back as they were, and no spreadsheet runs a cell of them."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from plainfilm.io.tables import NUMBER, from_csv, guarded, plain, to_csv

CELLS = st.text(alphabet="'=+-@;, \t\r\n＝＠a1.病\"", max_size=9)


@given(CELLS)
def test_a_cell_comes_back(cell: str) -> None:
    assert plain(guarded(cell)) == cell


@given(st.lists(st.tuples(CELLS, CELLS), max_size=4))
def test_a_table_comes_back_and_no_cell_is_a_formula(rows: list[tuple[str, str]]) -> None:
    written = to_csv([("=path", "-p"), *rows])
    for row in csv.reader(io.StringIO(written, newline="")):
        for cell in row:
            assert NUMBER.fullmatch(cell) or not cell or cell[0] not in "=+-@\t\r\n＝＋－＠"
            assert all(part[:1] not in tuple("=+-@＝＋－＠") for part in cell.split(";") if not NUMBER.fullmatch(cell))
    found, columns = from_csv(written)
    assert columns == ("=path", "-p")
    assert [(row["=path"], row["-p"]) for row in found] == rows


def test_a_short_row_lacks_cells_and_a_long_one_has_no_more() -> None:
    assert from_csv("a,b\n1\n1,2,3\n")[0] == [{"a": "1", "b": ""}, {"a": "1", "b": "2"}]
