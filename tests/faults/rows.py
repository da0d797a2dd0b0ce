"""The rows of the table of faults, in its order."""

from faults import damaged_models, no_room, not_finite, two_at_once
from faults.row import Row

ROWS: tuple[Row, ...] = (no_room.ROW, damaged_models.ROW, not_finite.ROW, two_at_once.ROW)
