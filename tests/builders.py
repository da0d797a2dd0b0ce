"""What several tests build: small networks, model files, films as arrays, recipes of a few seconds."""

import io
import math
import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from plainfilm.config import AugmentRecipe, DataRecipe, ModelRecipe, Recipe, TrainingRecipe
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.data.phantom import draw
from plainfilm.errors import PlainfilmError
from plainfilm.estimate import Estimate
from plainfilm.model import modelfile
from plainfilm.model.card import Card, OwnFigures, Preprocessing, class_names
from plainfilm.model.decision import Calibration, OperatingPoint
from plainfilm.model.findings import FindingDecision, FindingsCalibration
from plainfilm.model.networks import resnet
from plainfilm.model.networks.resnet import ResNet
from plainfilm.model.predictor import Predictor
from plainfilm.model.seen import SeenFilms
from plainfilm.task import task_of
from plainfilm.training.history import Facts, Step
from plainfilm.training.schedule import Plan

SLIM_WIDTHS = (16, 16, 16, 16)  # of the four stages, instead of 64 to 512


def slim_widths() -> None:
    """Make every network that is built from now on a slim one (in a process of its own)."""
    resnet.STAGE_WIDTHS = SLIM_WIDTHS


def trained_looking(
    depth: int = 18, *, num_classes: int = 3, in_channels: int = 1, seed: int = 0, init: str = "default"
) -> ResNet:
    """A network in evaluation mode whose batch-norms have statistics, scales and shifts of all kinds."""
    net = ResNet(depth, num_classes=num_classes, in_channels=in_channels)
    resnet.initialise(net, init=init, seed=seed)
    draws = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.weight.uniform_(0.2, 1.2, generator=draws)
                module.bias.normal_(0, 0.3, generator=draws)
                module.running_mean.normal_(0, 0.3, generator=draws)
                module.running_var.uniform_(0.3, 3, generator=draws)
        net.fc.bias.normal_(0, 0.5, generator=draws)
    return net.eval()


def random_pixels(count: int, *, channels: int = 1, size_px: int = 64, seed: int = 0) -> np.ndarray:
    """(N, C, S, S) uint8, preprocessed films of noise."""
    return np.random.default_rng(seed).integers(0, 256, (count, channels, size_px, size_px), dtype=np.uint8)


def make_card(
    classes: tuple[str, ...] = ("a", "b", "c"), *, size_px: int = 64, channels: int = 1, **entries: Any
) -> Card:
    return Card(class_names(classes), Preprocessing(size_px, channels, "squash"), "", **entries)


def make_calibration(num_classes: int = 3, **entries: Any) -> Calibration:
    """A calibration with one operating point a class; what is given replaces entries."""
    point = OperatingPoint(0.9, 0.4, Estimate(0.9, 0.8, 0.95, 50), Estimate(math.nan, math.nan, math.nan, 0))
    given = {
        "temperature": 1.25,
        "coverage": 0.95,
        "quantiles": (0.55,) * num_classes,
        "pooled": (False,) * num_classes,
        "films": (50,) * num_classes,
        "operating_points": ((point,),) * num_classes,
    }
    return Calibration(**(given | entries))


def write_model(path: Path, net: ResNet | None = None, **entries: Any) -> Path:
    """A model file of a ResNet-18 for films of 64 px and the classes a, b and c."""
    write_network(path, net or trained_looking(), make_card(**entries), random_pixels(3))
    return path


def write_network(path: Path, net: ResNet, card: Card, films: np.ndarray) -> float:
    """The model file of a network, compared on films (N, C, S, S); the largest difference."""
    return modelfile.write(modelfile.from_network(path, net, card), net, films)


def change_card(path: Path, *, seen: SeenFilms | None = None, **changes: Any) -> Card:
    """Change fields of the card of the model file at `path`, or its list of films seen; the card that it then has."""
    model = modelfile.opened(path)
    changed = replace(model, card=replace(model.card, **changes), seen=seen or model.seen)
    changed.write()
    return modelfile.opened(path).card


# --- findings --------------------------------------------------------------------------------------------------------

SAID = {  # of `shown_film`: probability, lowest of a set with "present", highest of one with "absent", positives
    "Atelectasis": (0.2, 0.18, 0.22, 124),  # undecided
    "Cardiomegaly": (0.01, 0.03, 0.04, 45),  # absent
    "Effusion": (0.62, 0.2, 0.31, 91),  # present, far above its threshold
    "Infiltration": (0.24, 0.15, 0.17, 176),  # present
    "Mass": (0.05, 0.04, 0.064, 51),  # undecided
    "Nodule": (0.065, 0.06, 0.069, 75),  # undecided
    "Pneumonia": (0.2, 0.22, 0.26, 221),  # absent
    "Pneumothorax": (0.0305, 0.03, 0.0321, 34),  # undecided
    "Consolidation": (0.05, 0.04, 0.067, 67),  # undecided
    "Edema": (0.002, 0.046, 0.047, 43),  # absent
    "Emphysema": (0.003, 0.02, 0.058, 31),  # absent
    "Fibrosis": (None, None, None, 8),  # nothing could be fitted
    "Pleural_Thickening": (0.001, 0.04, 0.068, 61),  # absent
    "Hernia": (None, None, 1.0, 14),  # never called absent: undecided
}


SHARPENED = 0.1  # a temperature at which films of a drawn network differ


def shown_film() -> np.ndarray:
    """The film of which the model of findings says SAID: the first of `dicom_peers.film`."""
    return draw("COVID", seed=29, number=0, size=96).pixels


def write_findings_model(path: Path, said: dict[str, tuple[Any, ...]] = SAID, *, calibrated: bool = True) -> Path:
    """A model file of findings: a drawn network whose calibration was made up for one film."""
    labels = task_of("findings").labels
    card = Card(
        class_names(tuple(said), {name: labels.display_names(name) for name in said}),
        Preprocessing(64, 1, "squash"),
        "",
        task={"kind": "findings", "uncertain": "ignore", "blank": "absent", "columns": None},
        evaluation=OwnFigures({"macro_auc": Estimate(0.74, 0.7, 0.78, 200)}, {"macro_over": list(said)[:13]}),
    )
    net = ResNet(18, num_classes=len(said), width=16)
    resnet.initialise(net, init="default", seed=7)
    write_network(path, net.eval(), card, random_pixels(3))
    if calibrated:
        probabilities = Predictor(path, threads=1).predict_bytes(png(shown_film())).probabilities
        decisions = tuple(_decision(*wanted, given) for wanted, given in zip(said.values(), probabilities, strict=True))
        change_card(path, calibration=FindingsCalibration(coverage=0.95, findings=decisions, from_="out-of-fold"))
    return path


def _decision(
    wanted: float | None, present: float | None, absent: float | None, positives: int, given: float
) -> FindingDecision:
    """What turns a probability that the network gives into another one, with these thresholds."""
    nothing = Estimate(math.nan, math.nan, math.nan, 0)
    points = () if present is None else (OperatingPoint(0.9, present, Estimate(0.9, 0.8, 0.95, 50), nothing),)
    return FindingDecision(
        temperature=None if wanted is None else SHARPENED,
        shift=None if wanted is None else _log_odds(wanted) - _log_odds(given) / SHARPENED,
        positives=positives,
        negatives=8 if absent is None else 700,
        present=present,
        absent=absent,
        operating_points=points,
        prevalence=positives / 1000,
    )


def _log_odds(share: float) -> float:
    return math.log(share / (1 - share))


def png(pixels: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def random_film(width: int = 90, height: int = 70, seed: int = 0) -> np.ndarray:
    """(H, W) uint8, smooth noise."""
    coarse = np.random.default_rng(seed).integers(0, 256, (9, 9), dtype=np.uint8)
    return np.array(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))


# --- training --------------------------------------------------------------------------------------------------------


def make_recipe(**training: Any) -> Recipe:
    """A recipe for films of 64 px; what is given replaces fields of its section `training`."""
    section = {"sizes_px": (64,), "epochs": (2,), "batch_size": 8, "precision": "float32"} | training
    return Recipe(
        data=DataRecipe(channels=1),
        augment=AugmentRecipe(policy="none"),
        model=ModelRecipe(depth=18),
        training=TrainingRecipe(**section),
    )


def with_policy(recipe: Recipe, policy: str) -> Recipe:
    return replace(recipe, augment=AugmentRecipe(policy=policy))


def make_films(
    num_train: int = 40,
    num_validation: int = 0,
    *,
    sizes_px: tuple[int, ...] = (64,),
    num_classes: int = 2,
    seed: int = 0,
) -> Films:
    """Films of noise over a gradient that tells their class: left to right, or top to bottom, or none."""
    draws = np.random.default_rng(seed)
    count = num_train + num_validation
    labels = draws.permutation(np.arange(count) % num_classes)
    side = max(sizes_px)
    ramp = np.linspace(0, 160, side)
    patterns = np.stack([np.tile(ramp, (side, 1)), np.tile(ramp, (side, 1)).T, np.full((side, side), 80.0)])
    largest = (patterns[labels] + draws.uniform(0, 90, (count, side, side))).astype(np.uint8)
    numbers = draws.permutation(count)
    rows = tuple(
        Row(image_id=f"{number:016x}", label=str(labels[number]), split="train" if row < num_train else "validation")
        for row, number in enumerate(numbers)
    )
    index = Index(rows, (), tuple(map(str, range(num_classes))), {"kind": "grouped"})
    return Films(index, {size: np.ascontiguousarray(largest[numbers, :size, :size]) for size in sizes_px})


def relabelled(films: Films, labels: Sequence[int]) -> Films:
    """The films with other class numbers; those after the last keep theirs."""
    given = zip(films.index.rows, labels, strict=False)
    rows = [replace(row, label=str(label)) for row, label in given]
    return replace(films, index=replace(films.index, rows=(*rows, *films.index.rows[len(rows) :])))


class Recorder:
    """A reporter that remembers."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self.warnings: list[PlainfilmError] = []
        self.first_step = 0
        self.facts: Facts | None = None

    def on_start(self, plan: Plan, first_step: int, facts: Facts) -> None:
        self.first_step, self.facts = first_step, facts

    def on_step(self, step: Step, num_films: int) -> None:
        self.steps.append(step)

    def on_warning(self, error: PlainfilmError) -> None:
        self.warnings.append(error)


def installed(variable: str) -> Path:
    """The path in an environment variable; without it the test is skipped, in CI it fails."""
    return _there(os.environ.get(variable, ""), variable)


def program(name: str) -> Path:
    """The path of a program; without it the test is skipped, in CI it fails."""
    return _there(shutil.which(name) or "", name)


def _there(path: str, name: str) -> Path:
    if path and Path(path).exists():
        return Path(path)
    if os.environ.get("CI"):
        pytest.fail(f"{name} = {path}: CI has to install it")
    pytest.skip(f"{name} is not there")
