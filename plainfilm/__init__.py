"""plainfilm trains, audits, explains and serves chest-radiograph classifiers on an ordinary computer.

>>> from pathlib import Path
>>> predictor = plainfilm.Predictor(Path("model.onnx"))  # doctest: +SKIP
>>> predictor.predict_bytes(Path("film.png").read_bytes()).probabilities  # doctest: +SKIP

A name is loaded when it is first used: `import plainfilm` imports nothing heavy.
"""

from importlib import import_module

__version__ = "0.1.0"

_HOMES = {
    "PlainfilmError": "plainfilm.errors",
    "Predictor": "plainfilm.model.predictor",
    "Recipe": "plainfilm.config",
    "decode": "plainfilm.data.decoding.film_file",
    "load_recipe": "plainfilm.config",
    "preprocess": "plainfilm.data.preprocessing",
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
