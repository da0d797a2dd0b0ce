"""The rows of the table of faults, in its order."""

from faults import bare_machine, flat_memory, mutants
from faults.row import Row

ROWS: tuple[Row, ...] = (mutants.ROW, flat_memory.ROW, bare_machine.ROW)
