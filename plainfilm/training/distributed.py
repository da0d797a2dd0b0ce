"""One training in several processes, which torchrun starts; for a process alone, everything here does nothing.

- torchrun's environment says which process this is; its store lives in torchrun itself, so it outlives a restart.
- The first process prepares the run, however long that takes; the others wait at the store, and then read its files.
- A sum has the same bits in every process, so every process does the same step and comes to the same decisions.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn

from plainfilm.errors import PlainfilmError, TrainingError
from plainfilm.io.machine import num_threads
from plainfilm.training import hardware

TIMEOUT = timedelta(minutes=5)  # for a process that hangs; between two sums lie a step, a checkpoint, or a validation
POLL_SECONDS = 0.1
CLAIMED = "plainfilm/run"  # the key of the folder that an attempt of this torchrun has made


@dataclass(frozen=True)
class Team:
    """The processes of a training, and which of them this is. Its sums raise TrainingError where one is lost."""

    rank: int = 0
    count: int = 1
    local_rank: int = 0  # on this machine
    local_count: int = 1
    attempt: int = 0  # how often torchrun has started the processes again
    store: Any = None  # torchrun's

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    @property
    def num_threads(self) -> int:
        """Compute threads for a process that is given no number: it shares the processors of its machine."""
        return max(1, num_threads() // self.local_count)

    def share(self, total: int) -> range:
        """The numbers, of 0 to total - 1, that are this process's.

        >>> [Team(rank, 3).share(8) for rank in range(3)]
        [range(0, 2), range(2, 5), range(5, 8)]
        """
        return range(total * self.rank // self.count, total * (self.rank + 1) // self.count)

    def claim(self, run: Path) -> None:
        """Note for later attempts that the folder `run` is this torchrun's."""
        if self.store is not None:
            self.store.set(CLAIMED, str(run))

    def claimed(self) -> Path | None:
        """The folder that an earlier attempt of this torchrun claimed."""
        if self.store is None or not self.store.check([CLAIMED]):
            return None
        return Path(self.store.get(CLAIMED).decode())

    def announce(self, run: Path) -> None:
        """Tell the waiting processes that a checkpoint of `run` is there to begin from."""
        if self.store is not None:
            self.store.set(f"plainfilm/ready/{self.attempt}", f"0 {run}")

    @contextlib.contextmanager
    def leading(self) -> Iterator[None]:
        """Within it the first process prepares and trains; where that fails, those that still wait end alike."""
        try:
            yield
        except BaseException as error:
            if self.store is not None:
                code = error.exit_code if isinstance(error, PlainfilmError) else 1
                self.store.set(f"plainfilm/ready/{self.attempt}", f"{code} ")
            raise

    def wait(self, stop: Callable[[], int]) -> Path:
        """Wait for the first process; returns the run's folder, or leaves as that process did, or on a signal."""
        assert self.store is not None
        while not self.store.check([f"plainfilm/ready/{self.attempt}"]):
            if signal_number := stop():
                raise SystemExit(128 + signal_number)
            time.sleep(POLL_SECONDS)
        code, _, run = self.store.get(f"plainfilm/ready/{self.attempt}").decode().partition(" ")
        if int(code):
            raise SystemExit(int(code))
        return Path(run)

    @contextlib.contextmanager
    def group(self, device: torch.device) -> Iterator[None]:
        """Within it the processes can sum. After an error this process ends: tidying up could wait for a lost one."""
        if self.count == 1:
            yield
            return
        with self._together():
            dist.init_process_group(
                "nccl" if device.type == "cuda" else "gloo",
                store=dist.PrefixStore(  # type: ignore[attr-defined]
                    f"plainfilm/group/{self.attempt}", self.store
                ),
                rank=self.rank,
                world_size=self.count,
                timeout=TIMEOUT,
            )
        yield
        dist.destroy_process_group()

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their sums over the processes, all at once."""
        if self.count == 1:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        self._reduce(flat, dist.ReduceOp.SUM)
        totals = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, total in zip(tensors, totals, strict=True):
            tensor.copy_(total.view_as(tensor))

    def highest(self, number: int) -> int:
        """The highest of the numbers that the processes give."""
        if self.count == 1:
            return number
        highest = torch.tensor(number)
        self._reduce(highest, dist.ReduceOp.MAX)
        return int(highest)

    def _reduce(self, tensor: Tensor, kind: dist.ReduceOp.RedOpType) -> None:
        there = tensor.to("cuda" if dist.get_backend() == "nccl" else "cpu")
        with self._together():
            dist.all_reduce(there, kind)
        tensor.copy_(there)

    @contextlib.contextmanager
    def _together(self) -> Iterator[None]:
        try:
            yield
        except RuntimeError as error:
            raise TrainingError("process-lost", processes=self.count) from error


ALONE = Team()


def join() -> Team:
    """The team that torchrun's environment tells of: ALONE without torchrun, whose end is this process's end too."""
    environment = os.environ
    if "TORCHELASTIC_RUN_ID" not in environment:
        return ALONE
    hardware.die_with_parent()
    return Team(
        rank=int(environment["RANK"]),
        count=int(environment["WORLD_SIZE"]),
        local_rank=int(environment["LOCAL_RANK"]),
        local_count=int(environment["LOCAL_WORLD_SIZE"]),
        attempt=int(environment["TORCHELASTIC_RESTART_COUNT"]),
        store=dist.TCPStore(  # type: ignore[attr-defined]
            environment["MASTER_ADDR"], int(environment["MASTER_PORT"]), timeout=TIMEOUT
        ),
    )


# --- the running statistics of batch norms ---------------------------------------------------------------------------


def begin_statistics(net: nn.Module, team: Team) -> None:
    """Before a step: the first process goes on from the running statistics, the others begin from 0.

    Running statistics are a decaying sum over the groups of the batch in their order, and sums may be taken in parts.
    """
    if not team.is_first:
        for norm in _norms(net):
            for tensor in _statistics(norm):
                tensor.zero_()


def weigh_statistics(net: nn.Module, groups: range, num_groups: int) -> list[Tensor]:
    """After this process's `groups` of a batch: decay the statistics by the groups that follow.

    Returns tensors whose sums over the processes are the statistics after the batch, as of one process.
    """
    tensors: list[Tensor] = []
    for norm in _norms(net):
        assert norm.momentum is not None
        assert norm.num_batches_tracked is not None
        norm.num_batches_tracked += num_groups - len(groups)
        for tensor in _statistics(norm):
            tensor *= (1 - norm.momentum) ** (num_groups - groups.stop)
            tensors.append(tensor)
    return tensors


def _norms(net: nn.Module) -> Iterator[nn.BatchNorm2d]:
    return (module for module in net.modules() if isinstance(module, nn.BatchNorm2d))


def _statistics(norm: nn.BatchNorm2d) -> tuple[Tensor, Tensor]:
    assert norm.running_mean is not None
    assert norm.running_var is not None
    return norm.running_mean, norm.running_var


def gradients(net: nn.Module) -> list[Tensor]:
    """The gradients of the weights, each laid out in memory as its weight; 0 where this process had no films.

    Equal layouts are rounded equally: one process may have films where another has none.
    """
    for weight in net.parameters():
        weight.grad = torch.zeros_like(weight) if weight.grad is None else torch.empty_like(weight).copy_(weight.grad)
    return [weight.grad for weight in net.parameters() if weight.grad is not None]
