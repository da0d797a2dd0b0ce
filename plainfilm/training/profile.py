"""Where the seconds of a training go, by cause: `train --profile`.

Stages of the command, and the causes that the loop names, are timed by the clock. What PyTorch computes outside of
these causes is timed by the operation: a dispatch mode sees each one, forward and backward, and lets it run as it
would. So the weights keep their bits. A look at an operation takes some microseconds, and small networks seem slower.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

from torch._ops import OpOverload
from torch.utils._python_dispatch import TorchDispatchMode

OPERATIONS = {
    "convolution": "convolution-forward",
    "convolution_backward": "convolution-backward",
    "mm": "matrices",
    "native_batch_norm": "batch-norm",
    "native_batch_norm_backward": "batch-norm",
    "relu": "activation",
    "relu_": "activation",
    "threshold_backward": "activation",
    "max_pool2d_with_indices": "pooling",
    "max_pool2d_with_indices_backward": "pooling",
    "add": "sum",
    "add_": "sum",
    "_to_copy": "cast",
    "copy_": "cast",
}
OTHER = "other"


@dataclass(frozen=True)
class Spent:
    """Seconds by the clock, and of all processors together."""

    seconds: float
    cpu_seconds: float


@dataclass(frozen=True)
class Steps:
    """The steps of one size: how many, and the seconds by the clock of all of them, by cause."""

    steps: int
    causes: dict[str, float]


@dataclass(frozen=True)
class Profiled:
    """What was spent, by stage in the order of the command, and by the films' size in pixels."""

    stages: dict[str, Spent]
    sizes: dict[str, Steps]


class Clock:
    """Measures nothing."""

    def stage(self, name: str) -> AbstractContextManager[None]:
        """A part of the command."""
        return nullcontext()

    def cause(self, name: str) -> AbstractContextManager[None]:
        """A part of a step."""
        return nullcontext()

    def step(self, size_px: int) -> AbstractContextManager[object]:
        """A step on films of so many pixels a side, but for the making of its batch."""
        return nullcontext()


class Profile(Clock):
    """Measures a training."""

    def __init__(self) -> None:
        self.stages: dict[str, Spent] = {}
        self.counts: Counter[int] = Counter()
        self.causes: dict[int, defaultdict[str, float]] = {}
        self.within: defaultdict[str, float] = defaultdict(float)  # of the last step's size; before any, of the first
        self.is_in_cause = False

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Add up what a part of the command takes."""
        began, cpu_began = time.perf_counter(), time.process_time()
        yield
        before = self.stages.get(name, Spent(0, 0))
        spent = time.perf_counter() - began, time.process_time() - cpu_began
        self.stages[name] = Spent(before.seconds + spent[0], before.cpu_seconds + spent[1])

    @contextmanager
    def cause(self, name: str) -> Iterator[None]:
        """Add up what a part of a step takes; operations in it are not looked at."""
        began, self.is_in_cause = time.perf_counter(), True
        yield
        self.is_in_cause = False
        self.within[name] += time.perf_counter() - began

    @contextmanager
    def step(self, size_px: int) -> Iterator[None]:
        """Add up what a step takes; what no cause accounts for is OTHER. Causes that follow belong to its size, too."""
        self.within = self.causes.setdefault(size_px, defaultdict(float) if self.causes else self.within)
        before, began = sum(self.within.values()), time.perf_counter()
        with _Operations(self):
            yield
        self.within[OTHER] += time.perf_counter() - began - (sum(self.within.values()) - before)
        self.counts[size_px] += 1

    def profiled(self) -> Profiled:
        """What was measured."""
        sizes = {str(size): Steps(self.counts[size], dict(causes)) for size, causes in self.causes.items()}
        return Profiled(dict(self.stages), sizes)


class _Operations(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds the seconds of each operation outside of a cause to those of its kind."""

    def __init__(self, profile: Profile) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.profile = profile

    def __torch_dispatch__(self, func: OpOverload, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = OPERATIONS.get(func.overloadpacket.__name__)
        if name is None or self.profile.is_in_cause:
            return func(*args, **(kwargs or {}))
        began = time.perf_counter()
        result = func(*args, **(kwargs or {}))
        self.profile.within[name] += time.perf_counter() - began
        return result
