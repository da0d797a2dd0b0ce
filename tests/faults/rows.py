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
    torn_writes.run,
    killed_training.run,
    same_bits.run,
    no_room.run,
    damaged_models.run,
    hostile_models.run,
    damaged_films.run,
    bombs.run,
    mutants.run,
    not_finite.run,
    killed_workers.run,
    two_at_once.run,
    patient_tokens.run,
    injection.run,
    flat_memory.run,
    bare_machine.run,
    wild.run,
)
