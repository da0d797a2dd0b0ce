"""The folder of a run: what lies where in it, and how far the run has come. Each name is spelled here alone.

A run is begun once its recipe is there, which is written last of what it needs to go on. Folders of an index, of an
evaluation elsewhere and of a cross-validation share some of the names.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from plainfilm.io import files

RECIPE, INDEX, INDEX_FACTS, INDEX_KEY = "recipe.toml", "index.csv", "index.json", "index.key"
METRICS, PREDICTIONS, SEEN = "metrics.json", "predictions.csv", "seen.csv"  # of an evaluation
AUDIT = "audit.json"
CROSS_VALIDATION = "cross-validation.json"
CHECKPOINTS, GIVEN, BEST = "checkpoints", "given.safetensors", "best.safetensors"
PIXELS = re.compile(r"pixels-\d+\.(npy|json)")
BEFORE_RECIPE = {INDEX, INDEX_FACTS, INDEX_KEY, CHECKPOINTS, f"{CHECKPOINTS}/{GIVEN}"}  # in a run, beside its pixels


class Run:
    """The files of a run, there or not yet."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recipe = folder / RECIPE
        self.index = folder / INDEX
        self.history = folder / "history.csv"
        self.log = folder / "log.jsonl"
        self.checkpoints = folder / CHECKPOINTS
        self.best = self.checkpoints / BEST  # the best network so far
        self.model = folder / "model.onnx"
        self.int8 = folder / "model-int8.onnx"
        self.figures = folder / "figures"
        self.evaluation = folder / "evaluation"
        self.metrics = self.evaluation / METRICS
        self.predictions = self.evaluation / PREDICTIONS
        self.audit = folder / "audit"
        self.audit_figures = self.audit / AUDIT
        self.report = folder / "report.html"
        self.card = folder / "MODEL_CARD.md"

    def external(self) -> Sequence[Path]:
        """The figures of tests elsewhere, a folder each, sorted."""
        return sorted(self.folder.glob(f"external/*/{METRICS}"))

    @property
    def is_begun(self) -> bool:
        """Whether this is a run that can go on."""
        return self.recipe.is_file()

    @property
    def is_finished(self) -> bool:
        """Whether this is a run with its model."""
        return self.is_begun and self.index.is_file() and self.model.is_file()

    @property
    def is_preparing(self) -> bool:
        """Whether the films of a run not yet begun may be being read here: pixels are there, or nothing at all."""
        return self.folder.is_dir() and (any(pixel_files(self.folder)) or not any(self.folder.iterdir()))

    @property
    def is_killed_start(self) -> bool:
        """Whether nothing is in the folder but pixels, and what follows them until the recipe makes it a run."""
        found = [path for pattern in ("*", f"{CHECKPOINTS}/*") for path in self.folder.glob(pattern)]
        names = {
            path.relative_to(self.folder).as_posix()
            for path in found
            if not path.name.startswith(files.TEMPORARY_PREFIX)
        }
        pixels = {name for name in names if PIXELS.fullmatch(name)}
        left = names - pixels - {files.LOCK_NAME}
        begun = left == {INDEX_KEY} or any(name.endswith(".npy") for name in pixels)
        return begun and left <= BEFORE_RECIPE

    def make(self) -> None:
        """Make the folder of a new run. What a start left that was killed before it wrote the recipe is removed.

        Raises OutputError where anything else is there.
        """
        if self.is_killed_start:
            files.empty(self.folder)
        files.new_folder(self.folder)


def pixel_files(folder: Path) -> list[Path]:
    """The files of the pixel stores in a folder."""
    return list(folder.glob("pixels-*"))


def pixels_path(folder: Path, size_px: int) -> Path:
    """The pixels of films at a size; what is in it says the file with the same name and the ending .json."""
    return folder / f"pixels-{size_px}.npy"
