"""`plainfilm demo`: phantoms -> train -> evaluate, offline, in minutes."""

from pathlib import Path

from plainfilm.config import load_recipe
from plainfilm.data import phantom
from plainfilm.io import files
from plainfilm.io.run_folder import Run
from plainfilm.training.result import Result
from plainfilm.workflows.training import Observer, Options, start_run

SEED = 7
PER_CLASS = 250
SIZE_PX = 192
NUM_DUPLICATES = 12  # planted copies, which the index finds


def demo(folder: Path, observer: Observer, options: Options) -> Result:
    """Draw phantoms into `folder`/phantoms, train on them with the recipe `demo` into `folder`/run."""
    files.new_folder(folder)
    phantom.write_folder(folder / "phantoms", seed=SEED, per_class=PER_CLASS, size=SIZE_PX, duplicates=NUM_DUPLICATES)
    return start_run([folder / "phantoms"], [], load_recipe("demo"), Run(folder / "run"), observer, options)
