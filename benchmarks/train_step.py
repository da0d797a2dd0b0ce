"""A training step beside a plain PyTorch loop as a student writes it, and beside the processor's best convolution.

Drawn films as PNG files. ResNet-18 at 128 px (one channel) and ResNet-50 at 224 px (three channels), batches of 32, in
float32 and, where the processor multiplies it natively, bfloat16. The plain loop: a DataLoader with two workers that
decode, scale and vary each film by four Pillow operations, the same network as PyTorch lays it out, AdamW. Ours: the
step of `plainfilm train` with the recipe's field `kernels` as "reference" or "fast", films varied by `radiograph`.
A measurement is a process, its first two steps not counted. `bench.py` does them in turn:

    python benchmarks/train_step.py FOLDER CASE PRECISION plain|reference|fast
"""

import json
import os
import sys
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageEnhance
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, Dataset

from plainfilm.config import parse_recipe
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.data.phantom import CLASSES, draw
from plainfilm.model.networks.resnet import ResNet
from plainfilm.training import hardware
from plainfilm.training.batches import Batches
from plainfilm.training.loop import DTYPES, optimise
from plainfilm.training.objective import CrossEntropy
from plainfilm.training.schedule import make_plan
from plainfilm.training.state import new_state

BATCH_SIZE = 32
WARM_UP = 2
SIDE_PX = 256  # of the drawn films
CASES = {"ResNet-18, 128 px": (18, 128, 1, 16), "ResNet-50, 224 px": (50, 224, 3, 6)}  # depth, side, channels, steps
KINDS = ("plain", "reference", "fast")
Measured = dict[str, float]  # films a second by the clock, a CPU second, share of the best rate


class Drawn(Dataset):
    """Films of a folder, varied by four Pillow operations."""

    def __init__(self, folder: Path, size_px: int, channels: int) -> None:
        self.paths, self.size_px, self.mode = sorted(folder.glob("*.png")), size_px, "L" if channels == 1 else "RGB"

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, number: int) -> tuple[torch.Tensor, int]:
        image = Image.open(self.paths[number]).convert(self.mode)
        for enhancer in (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Sharpness):
            image = enhancer(image).enhance(float(np.random.uniform(0.5, 1.5)))
        image = image.rotate(float(np.random.uniform(-30, 30))).resize((self.size_px, self.size_px))
        pixels = np.asarray(image, dtype=np.float32).reshape(self.size_px, self.size_px, -1) / 255
        return torch.from_numpy(pixels).permute(2, 0, 1), number % len(CLASSES)


def plain(folder: Path, case: str, precision: str) -> Measured:
    """A loop as a student writes it."""
    depth, size_px, channels, steps = CASES[case]
    net = ResNet(depth, num_classes=len(CLASSES), in_channels=channels)
    optimizer = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.05)
    loader = DataLoader(Drawn(folder, size_px, channels), batch_size=BATCH_SIZE, shuffle=True, num_workers=2)
    clock = Clock()
    for pixels, labels in loader:
        with torch.autocast("cpu", DTYPES[precision], enabled=precision != "float32"):
            loss = F.cross_entropy(net(pixels).logits, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        float(loss)
        if clock.tick(steps):
            break
    return clock.measured(net, case, precision)


def ours(folder: Path, case: str, precision: str, kernels: str) -> Measured:
    """The step of `plainfilm train`."""
    depth, size_px, channels, steps = CASES[case]
    recipe = parse_recipe(
        f"""
        data.channels = {channels}
        model.depth = {depth}
        [training]
        sizes_px = [{size_px}]
        epochs = [1]
        batch_size = {BATCH_SIZE}
        weight_decay = 0.05
        ema_decay = 0.99
        kernels = "{kernels}"
        """
    )
    hardware.keep_freed_memory()
    paths = sorted(folder.glob("*.png"))
    store = np.stack([np.asarray(Image.open(path).convert("L").resize((size_px, size_px))) for path in paths])
    rows = tuple(
        Row(image_id=path.stem, label=CLASSES[number % len(CLASSES)], split="train")
        for number, path in enumerate(paths)
    )
    films = Films.of(Index(rows, (), CLASSES, {"kind": "grouped"}), store)
    state = new_state(recipe, len(CLASSES), torch.device("cpu"))
    batches = Batches(recipe, films, make_plan(recipe.training, len(rows) // BATCH_SIZE))
    clock, objective = Clock(), CrossEntropy(recipe.training, films, torch.device("cpu"))
    for step in range(WARM_UP + steps):
        optimise(state, batches[step], 1e-3, recipe, objective, DTYPES[precision])
        state.step += 1
        clock.tick(steps)
    return clock.measured(state.net, case, precision)


class Clock:
    """Measures the steps after the first ones."""

    def __init__(self) -> None:
        self.done = 0

    def tick(self, steps: int) -> bool:
        """A step is done; whether it was the last."""
        self.done += 1
        if self.done == WARM_UP:
            self.began, self.began_cpu = time.perf_counter(), cpu_seconds()
        if self.done == WARM_UP + steps:
            self.films = steps * BATCH_SIZE
            self.seconds, self.cpu = time.perf_counter() - self.began, cpu_seconds() - self.began_cpu
        return self.done >= WARM_UP + steps

    def measured(self, net: ResNet, case: str, precision: str) -> Measured:
        """What was measured."""
        _, size_px, channels, _ = CASES[case]
        rate = 3 * multiplications(net, size_px, channels) * self.films / self.seconds
        return {
            "second": self.films / self.seconds,
            "CPU second": self.films / self.cpu,
            "share": rate / best_rate(DTYPES[precision]),
        }


def draw_films(folder: Path) -> None:
    """Write the films that the measurements read."""
    for number in range(BATCH_SIZE * (WARM_UP + max(steps for *_, steps in CASES.values()))):
        film = draw(CLASSES[number % len(CLASSES)], seed=1, number=number, size=SIDE_PX)
        Image.fromarray(film.pixels).save(folder / f"{number:05d}.png")


def cpu_seconds() -> float:
    """Of this process and its workers, which Linux counts while they live."""
    own = time.process_time()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        fields = stat.read_text().rpartition(")")[2].split() if stat.exists() else []
        if fields and int(fields[1]) == os.getpid():
            own += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return own


def multiplications(net: ResNet, size_px: int, channels: int) -> int:
    """Of all convolutions of a film's forward pass."""
    counted = 0

    def count(module: nn.Module, _: object, result: torch.Tensor) -> None:
        nonlocal counted
        assert isinstance(module, nn.Conv2d)
        counted += result.numel() * module.weight[0].numel()

    hooks = [module.register_forward_hook(count) for module in net.modules() if isinstance(module, nn.Conv2d)]
    with torch.inference_mode():
        net.eval()(torch.zeros(1, channels, size_px, size_px))
    for hook in hooks:
        hook.remove()
    return counted


def best_rate(dtype: torch.dtype) -> float:
    """Multiplications a second of a convolution that suits processors, forward: the best of several."""
    layout = torch.channels_last
    films = torch.randn(BATCH_SIZE, 256, 56, 56).to(dtype).contiguous(memory_format=layout)
    weight = torch.randn(256, 256, 3, 3).to(dtype).contiguous(memory_format=layout)
    seconds = []
    for _ in range(8):
        began = time.perf_counter()
        F.conv2d(films, weight, padding=1)
        seconds.append(time.perf_counter() - began)
    return films.numel() * weight[0].numel() / min(seconds)


if __name__ == "__main__":
    folder, case, precision, kind = sys.argv[1:]
    measure = plain(Path(folder), case, precision) if kind == "plain" else ours(Path(folder), case, precision, kind)
    print(json.dumps(measure))
