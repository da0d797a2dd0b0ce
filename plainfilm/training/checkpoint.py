"""Checkpoints: tensors and text in one safetensors file, written whole or not at all, checked by a digest.

A run keeps the last two. A damaged one is passed over for the one before it, and the caller is told. A run whose recipe
was changed after it began is refused: its steps would be of two trainings.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from plainfilm.config import Recipe, parse_recipe
from plainfilm.errors import ModelFileError, RecipeError
from plainfilm.io import files
from plainfilm.io.run_folder import GIVEN, Run

KEPT = 2
NOTE = "sha256 facts"  # the one entry of the metadata: safetensors writes several in an order that changes
Tensors = dict[str, Tensor]


def save_tensors(path: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> None:
    """Write tensors and facts (JSON) as one safetensors file with a digest over both; equal content, equal bytes."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(facts, sort_keys=True)
    files.write_bytes(path, save(plain, metadata={NOTE: f"{_digest(plain, text)} {text}"}))


def load_tensors(path: Path) -> tuple[Tensors, dict[str, object]]:
    """The tensors and facts that `save_tensors` wrote. Raises ModelFileError where the file is missing or damaged."""
    if path.exists() and not path.is_file():  # opening a pipe would never end
        raise ModelFileError("checkpoint-damaged", path=str(path))
    try:
        with safe_open(path, framework="pt") as file:
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - no mapping
            digest, _, text = (file.metadata() or {})[NOTE].partition(" ")
        if _digest(tensors, text) != digest:
            raise ModelFileError("checkpoint-damaged", path=str(path))
        return tensors, json.loads(text)
    except FileNotFoundError as error:
        raise ModelFileError("checkpoint-missing", path=str(path)) from error
    except (SafetensorError, KeyError, OSError) as error:
        raise ModelFileError("checkpoint-damaged", path=str(path)) from error


def save_step(folder: Path, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> None:
    """Write the checkpoint of a step and remove all but the last KEPT."""
    save_tensors(folder / f"step-{step:08d}.safetensors", tensors, facts)
    prune(folder)


def prune(folder: Path) -> None:
    """Remove all but the last KEPT checkpoints of steps."""
    for path in _steps(folder)[:-KEPT]:
        with files.writing(path):
            path.unlink()


def save_given(folder: Path, tensors: Mapping[str, Tensor], facts: Mapping[str, object]) -> None:
    """Keep what a run starts from, weights and facts, until its first checkpoint holds them."""
    save_tensors(folder / GIVEN, tensors, facts)


def load_given(folder: Path, *, must_exist: bool) -> tuple[Tensors, dict[str, object]]:
    """The weights and facts that a run starts from; nothing where nothing was kept. Raises ModelFileError."""
    if not (must_exist or (folder / GIVEN).exists()):
        return {}, {}
    try:
        return load_tensors(folder / GIVEN)
    except ModelFileError as error:
        raise ModelFileError("checkpoint-lost", path=str(folder / GIVEN)) from error


def remove_given(folder: Path) -> None:
    """Remove what a run started from; its first checkpoint holds it."""
    with files.writing(folder / GIVEN):
        (folder / GIVEN).unlink(missing_ok=True)


def any_step(folder: Path) -> bool:
    """Whether there is a checkpoint of a step, whole or damaged."""
    return bool(_steps(folder))


def load_last(folder: Path, warn: Callable[[ModelFileError], None]) -> tuple[Tensors, dict[str, object]]:
    """The last checkpoint that is whole; `warn` is told of those that are not. Raises ModelFileError where none is.

    Damaged ones are removed once a whole one is found: else they would outlive it among the last KEPT.
    """
    damaged: list[Path] = []
    for path in reversed(_steps(folder)):
        try:
            found = load_tensors(path)
        except ModelFileError as error:
            warn(error)
            damaged.append(path)
            continue
        for passed_over in damaged:
            with files.writing(passed_over):
                passed_over.unlink()
        return found
    raise ModelFileError("checkpoint-none", path=str(folder))


def last_notes(folder: Path) -> dict[str, object]:
    """The facts of the last checkpoint whose facts can be read, its tensors unread; nothing where there is none."""
    for path in filter(Path.is_file, reversed(_steps(folder))):  # opening a pipe would never end
        try:
            with safe_open(path, framework="pt") as file:
                found = json.loads((file.metadata() or {})[NOTE].partition(" ")[2])
        except (SafetensorError, KeyError, ValueError, RecursionError, OSError):
            continue
        if isinstance(found, dict):
            return found
    return {}


def _steps(folder: Path) -> list[Path]:
    return sorted(folder.glob("step-*.safetensors"))


def _digest(tensors: Mapping[str, Tensor], text: str) -> str:
    """SHA-256 over the facts and every tensor's name, type, shape and bytes."""
    digest = hashlib.sha256(text.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"\n{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


FREE = "report"  # the section that only the report reads: it may change at any time


def check_recipe(run: Run, recipe: Recipe) -> None:
    """Raise RecipeError where `recipe`, that of a run's folder, is not the one that its last checkpoint was made with.

    The old one is read by today's rules, so that a field that came later makes no difference.
    """
    text = last_notes(run.checkpoints).get("recipe")
    if not isinstance(text, str):  # no checkpoint yet, or one of an earlier version
        return
    changes = _changes(parse_recipe(text), recipe)
    if changes:
        raise RecipeError("recipe-edited", run=str(run.folder), changes="; ".join(changes), weights=str(run.best))


def _changes(before: Recipe, after: Recipe) -> list[str]:
    """The keys that differ, with both values: `training.epochs [2] -> [6]`."""
    old, new = _values(before), _values(after)
    return [f"{key} {_shown(old[key])} -> {_shown(new[key])}" for key in old if old[key] != new[key]]


def _values(recipe: Recipe) -> dict[str, object]:
    """All values by their keys, without the free section."""
    sections = asdict(recipe)
    return {f"{name}.{key}": value for name in sections if name != FREE for key, value in sections[name].items()}


def _shown(value: object) -> str:
    return str(list(value) if isinstance(value, tuple) else value)
