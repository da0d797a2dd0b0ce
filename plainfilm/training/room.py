"""The room that a training needs on the disk, told before its first step instead of in the middle of it."""

import math
import shutil
import sys
from collections.abc import Iterable

from torch import Tensor

from plainfilm.errors import StorageError
from plainfilm.io.run_folder import Run
from plainfilm.training.checkpoint import KEPT
from plainfilm.training.state import State

if sys.platform != "win32":
    import resource

MOMENTS = {"SGD": 1, "Adam": 2, "AdamW": 2}  # tensors of an optimiser for each weight
MARGIN_BYTES = 2**20  # headers, history, log, figures


def check_disk_space(run: Run, state: State) -> None:
    """Raise StorageError unless a training from `state` finds room in the folder of `run` for all that it will write.

    At most there are KEPT checkpoints and the one that is being written, each with the best network, and two each of
    the best network's own file and of the model file. What such files take up already counts as free. A disk that does
    not know its size is trusted.
    """
    net_bytes = _size_bytes(state.net.state_dict().values())
    moments_bytes = MOMENTS[type(state.optimizer).__name__] * _size_bytes(state.net.parameters())
    num_nets = 2 if state.average is state.net else 3  # with the best
    checkpoint_bytes = num_nets * net_bytes + moments_bytes + MARGIN_BYTES
    if checkpoint_bytes > _largest_file_bytes():
        raise StorageError("output-too-large", path=str(run.checkpoints), needed_bytes=checkpoint_bytes)
    taken_bytes = sum(
        path.stat().st_size for path in (*run.checkpoints.glob("*"), run.model, run.int8) if path.exists()
    )
    needed_bytes = (KEPT + 1) * checkpoint_bytes + 4 * net_bytes - taken_bytes
    disk = shutil.disk_usage(run.folder)
    if disk.total and disk.free < needed_bytes:
        raise StorageError("training-full", path=str(run.folder), needed_bytes=needed_bytes, free_bytes=disk.free)


def _size_bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.nbytes for tensor in tensors)


def _largest_file_bytes() -> float:
    """How large a file of this process may be."""
    if sys.platform == "win32":
        return math.inf
    limit = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    return math.inf if limit == resource.RLIM_INFINITY else limit
