"""The rows of the table of faults, in its order."""

from faults import (
    bare_machine,
    bombs,
    damaged_films,
    damaged_models,
    flat_memory,
    hostile_models,
    injection,
    killed_training,
    killed_workers,
    mutants,
    no_room,
    not_finite,
    patient_tokens,
    same_bits,
    torn_writes,
    two_at_once,
    wild,
)
from faults.row import Row

ROWS: tuple[Row, ...] = (
    torn_writes.ROW,
    killed_training.ROW,
    same_bits.ROW,
    no_room.ROW,
    damaged_models.ROW,
    hostile_models.ROW,
    damaged_films.ROW,
    bombs.ROW,
    mutants.ROW,
    not_finite.ROW,
    killed_workers.ROW,
    two_at_once.ROW,
    patient_tokens.ROW,
    injection.ROW,
    flat_memory.ROW,
    bare_machine.ROW,
    wild.ROW,
)
