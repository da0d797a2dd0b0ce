"""Batches: from the pixel store through augmentation to tensors, in this process or in workers, bit for bit.

A worker never outlives the training, however that ends; a training never waits for a worker that was killed.
"""

import contextlib
import multiprocessing
import signal
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from plainfilm.config import Recipe
from plainfilm.data import augment
from plainfilm.data.films import Films
from plainfilm.errors import TrainingError
from plainfilm.training import hardware
from plainfilm.training.distributed import ALONE, Team
from plainfilm.training.schedule import BatchOrder, Plan


@dataclass(frozen=True)
class Batch:
    """The films of one step, and the pixels of those that are this process's."""

    step: int
    rows: NDArray[np.int64]  # (B,), of its films in the index
    targets: Tensor  # (B, ...), what their labels mean to the loss
    num_groups: int  # of films whose batch-norm statistics are taken together
    groups: range  # those that are this process's
    pixels: Tensor  # (P, C, S, S) uint8, the films of these groups; alone: of all


class Batches(Dataset[Batch]):
    """The batches of a whole training by their step: a pure function of recipe, films, share and step."""

    def __init__(self, recipe: Recipe, films: Films, plan: Plan, team: Team = ALONE) -> None:
        self.recipe, self.films, self.plan, self.team = recipe, films, plan, team
        self.rows = np.array(films.part("train"))
        self.order = BatchOrder(len(self.rows), recipe.training.batch_size, recipe.training.seed)

    def __getitem__(self, step: int) -> Batch:
        epoch, rows = self.plan.place(step)[0], self.rows_of(step)
        size = self.recipe.training.group_size
        num_groups = -(-len(rows) // size)
        groups = self.team.share(num_groups)
        own = rows[groups.start * size : groups.stop * size]
        pixels = torch.from_numpy(self.films.pixels(own, self.recipe.data.channels, self.plan.sizes_px[epoch]))
        if len(own):
            pixels = self._vary(pixels, [self.films.image_ids[row] for row in own], epoch)
        return Batch(step, rows, torch.from_numpy(self.films.targets(rows)), num_groups, groups, pixels)

    def rows_of(self, step: int) -> NDArray[np.int64]:
        """The films of a step, (B,)."""
        return self.rows[self.order.batch(*self.plan.place(step))]

    def _vary(self, pixels: Tensor, image_ids: Sequence[str], epoch: int) -> Tensor:
        choice, seed = self.recipe.augment, self.recipe.training.seed
        if choice.policy == "tutorial":
            return augment.tutorial(pixels, image_ids, seed=seed, epoch=epoch, probability=choice.probability)
        if choice.policy == "radiograph":
            return augment.radiograph(pixels, image_ids, seed=seed, epoch=epoch, strength=choice.strength)
        return pixels


def iterate(batches: Batches, run: Path, *, start: int, workers: int) -> Iterator[Batch]:
    """The batches of a run from step `start` to the last, made in `workers` processes (0: in this one).

    Raises TrainingError, which names the run, where a worker was killed.
    """
    loader: DataLoader[Batch] = DataLoader(
        batches,
        batch_size=None,
        sampler=range(start, batches.plan.steps),
        num_workers=workers,
        multiprocessing_context="fork" if workers else None,
        collate_fn=_sent,
        worker_init_fn=_begin_worker,
    )
    others = set(multiprocessing.active_children())
    with _handler_kept(signal.SIGCHLD):
        made = iter(loader)
    processes = set(multiprocessing.active_children()) - others
    end = Finalize(None, _kill, (processes,), exitpriority=0)  # also where this process ends with us half-way
    try:
        while True:
            try:
                batch = next(made, None)
            except (RuntimeError, OSError, EOFError):  # what waiting for a dead worker, or reading from one, comes to
                wait([process.sentinel for process in processes], timeout=1)  # it may be dying still
                _check_alive(processes, run)
                raise
            if batch is None:
                return
            _check_alive(processes, run)
            yield _received(batch)
    finally:
        end()


@contextlib.contextmanager
def _handler_kept(number: int) -> Iterator[None]:
    """Within it, a library may set a handler of the signal; after it, the one before is back.

    The loader's handler of SIGCHLD raises an error wherever the training is just then, also within a write.
    """
    if threading.current_thread() is not threading.main_thread():  # only there are handlers set
        yield
        return
    before = signal.getsignal(number)
    yield
    signal.signal(number, before)


def _kill(processes: set[multiprocessing.process.BaseProcess]) -> None:
    """End workers that are still there: they may wait for a killed one forever, and obey no SIGTERM."""
    for process in processes:
        process.kill()


def _check_alive(processes: set[multiprocessing.process.BaseProcess], run: Path) -> None:
    """Raise TrainingError where a worker was killed."""
    killed = [-process.exitcode for process in processes if process.exitcode is not None and process.exitcode < 0]
    if killed:
        raise TrainingError("worker-killed", signal_number=killed[0], workers=len(processes), run=str(run))


def _begin_worker(_: int) -> None:
    """A signal to the whole process group is for the training, which saves and then ends its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    hardware.die_with_parent()


def _sent(batch: Any) -> Any:
    """As a worker sends it: arrays. Tensors would need room in /dev/shm, and a short path for a socket in TMPDIR."""
    return replace(batch, targets=batch.targets.numpy(), pixels=batch.pixels.numpy())


def _received(batch: Any) -> Batch:
    received: Batch = replace(batch, targets=torch.from_numpy(batch.targets), pixels=torch.from_numpy(batch.pixels))
    return received
