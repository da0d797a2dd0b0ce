"""The rows of the table of faults, in its order."""

from faults import damaged_models, killed_training, no_room, not_finite, same_bits, torn_writes, two_at_once
from faults.row import Row

ROWS: tuple[Row, ...] = (
    torn_writes.ROW,
    killed_training.ROW,
    same_bits.ROW,
    no_room.ROW,
    damaged_models.ROW,
    not_finite.ROW,
    two_at_once.ROW,
)
