"""The rows of the table of faults, in its order."""

from faults import killed_training, same_bits, torn_writes
from faults.row import Row

ROWS: tuple[Row, ...] = (torn_writes.ROW, killed_training.ROW, same_bits.ROW)
