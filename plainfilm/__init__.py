"""plainfilm trains, audits, explains and serves chest-radiograph classifiers on an ordinary computer.

>>> run = plainfilm.train("films.zip", recipe="quick")  # doctest: +SKIP
>>> plainfilm.predict(run.model, "film.png")  # doctest: +SKIP

The functions are the commands, with the same options under the same names.

A name is loaded when it is first used: `import plainfilm` imports nothing heavy.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # for editors and type checkers; at run time `__getattr__` loads each when it is first used
    from plainfilm.api.functions import audit as audit
    from plainfilm.api.functions import compare as compare
    from plainfilm.api.functions import cross_validate as cross_validate
    from plainfilm.api.functions import decode as decode
    from plainfilm.api.functions import drift as drift
    from plainfilm.api.functions import evaluate as evaluate
    from plainfilm.api.functions import index as index
    from plainfilm.api.functions import load as load
    from plainfilm.api.functions import load_recipe as load_recipe
    from plainfilm.api.functions import predict as predict
    from plainfilm.api.functions import preprocess as preprocess
    from plainfilm.api.functions import recalibrate as recalibrate
    from plainfilm.api.functions import report as report
    from plainfilm.api.functions import train as train
    from plainfilm.config import Recipe as Recipe
    from plainfilm.errors import Interrupted as Interrupted
    from plainfilm.errors import PlainfilmError as PlainfilmError
    from plainfilm.model.predictor import Predictor as Predictor

__version__ = "0.1.0"

_FUNCTIONS = (
    *("audit", "compare", "cross_validate", "decode", "drift", "evaluate", "index"),
    *("load", "load_recipe", "predict", "preprocess", "recalibrate", "report", "train"),
)
_HOMES = {
    "Interrupted": "plainfilm.errors",
    "PlainfilmError": "plainfilm.errors",
    "Predictor": "plainfilm.model.predictor",
    "Recipe": "plainfilm.config",
    **dict.fromkeys(_FUNCTIONS, "plainfilm.api.functions"),
}
__all__ = ["__version__", *_HOMES]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__
