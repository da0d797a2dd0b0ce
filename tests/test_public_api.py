"""The public API: what `import plainfilm` promises."""

import importlib.metadata
import subprocess
import sys
from importlib import import_module

import pytest

import plainfilm


def test_the_names_are_these_and_no_others():
    assert sorted(plainfilm.__all__) == [
        *("Interrupted", "PlainfilmError", "Predictor", "Recipe", "__version__", "audit", "compare", "cross_validate"),
        *("decode", "drift", "evaluate", "index", "load", "load_recipe", "predict", "preprocess"),
        *("recalibrate", "report", "train"),
    ]
    assert sorted(dir(plainfilm)) == sorted(plainfilm.__all__)


def test_every_name_is_what_its_home_defines():
    for name, home in plainfilm._HOMES.items():
        value = getattr(plainfilm, name)
        assert value is getattr(import_module(home), name)
        assert value.__name__ == name


def test_star_imports_exactly_these_names():
    namespace = {}
    exec("from plainfilm import *", namespace)
    assert {name for name in namespace if name != "__builtins__"} == set(plainfilm.__all__)


def test_a_wrong_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Predictr"):
        plainfilm.Predictr  # noqa: B018


def test_the_version_is_that_of_the_package():
    assert plainfilm.__version__ == importlib.metadata.version("plainfilm")


def test_importing_loads_nothing_of_the_package():
    program = "import sys, plainfilm; print([name for name in sys.modules if name.startswith(('plainfilm.', 'numpy'))])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
