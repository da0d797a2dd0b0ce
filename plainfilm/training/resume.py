"""Where a training begins: at the first step of a new run, or at the last checkpoint of one that was stopped."""

from collections.abc import Callable
from typing import Any

import torch

from plainfilm.config import Recipe
from plainfilm.errors import ModelFileError, UsageError
from plainfilm.io import files
from plainfilm.io.run_folder import Run
from plainfilm.training import checkpoint, hardware
from plainfilm.training.distributed import Team
from plainfilm.training.room import check_disk_space
from plainfilm.training.state import State, new_state, restore, save


def start_or_resume(
    run: Run,
    recipe: Recipe,
    num_classes: int,
    device: torch.device,
    warn: Callable[[ModelFileError], None],
    *,
    threads: int | None,
    team: Team,
) -> tuple[State, dict[str, Any]]:
    """The state of a run and its facts: of the last checkpoint, or of a first one, which is written now.

    Of several processes, the first does that; the others begin from the checkpoint that it then has. Raises UsageError
    where the run has another number of processes or threads; StorageError where it would find no room.
    """
    checkpoints = run.checkpoints
    if not team.is_first:
        state = new_state(recipe, num_classes, device)
        return state, restore(state, checkpoints, lambda _: None)
    is_new = not checkpoint.any_step(checkpoints)
    given, begun = checkpoint.load_given(checkpoints, must_exist=recipe.model.is_given) if is_new else ({}, {})
    state = new_state(recipe, num_classes, device, given)
    check_disk_space(run, state)
    files.writable_folder(checkpoints)
    facts: dict[str, Any]
    if not is_new:
        facts = restore(state, checkpoints, warn)
    else:
        precision = hardware.resolve_precision(recipe.training.precision, device)
        facts = {"threads": threads or team.num_threads, "precision": precision, "device": device.type, **begun}
        facts |= {"processes": team.count} if team.count > 1 else {}
        save(state, checkpoints, facts)
    if (processes := facts.get("processes", 1)) != team.count:
        raise UsageError("processes-other", given=team.count, expected=processes)
    if threads not in (None, facts["threads"]):
        raise UsageError("threads-other", run=str(run.folder), given=threads, expected=facts["threads"])
    checkpoint.remove_given(checkpoints)
    team.announce(run.folder)
    return state, facts
