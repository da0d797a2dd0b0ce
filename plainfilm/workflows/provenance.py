"""Where a model comes from: recipe, films, split and software; without times, paths or names of patients."""

import importlib.metadata
import platform

from plainfilm.config import Recipe
from plainfilm.data.film_index import Index

PACKAGES = ("plainfilm", "numpy", "pillow", "torch", "onnx", "onnxruntime")


def provenance(index: Index, recipe: Recipe, validation: dict[str, float]) -> dict[str, object]:
    """What the card of a trained model says of that; `validation`: the figures of the kept epoch."""
    return {
        "recipe": recipe.to_toml(),
        "data_sha256": index.data_checksum,
        "split_sha256": index.split_checksum,
        "leaking": index.is_leaking,
        "films": {part: len(index.part(part)) for part in ("train", "validation", "test")},
        "validation": validation,
        **software(),
    }


def software() -> dict[str, object]:
    """What wrote a model file."""
    return {
        "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        "python": platform.python_version(),
    }
