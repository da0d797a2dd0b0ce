"""The rows of the table of faults, in its order."""

from faults.row import Row

ROWS: tuple[Row, ...] = ()
