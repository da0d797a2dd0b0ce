"""The rows of the table of faults, in its order."""

from faults import killed_workers
from faults.row import Row

ROWS: tuple[Row, ...] = (killed_workers.ROW,)
