"""A classifier of films for scikit-learn: fit, predict, predict_proba; in `cross_val_score` and `Pipeline`.

>>> from sklearn.model_selection import GroupKFold, cross_val_score
>>> classifier = FilmClassifier(recipe="quick")
>>> cross_val_score(
...     classifier, paths, labels, groups=patients, cv=GroupKFold(5), params={"groups": patients}
... )  # doctest: +SKIP

`groups` keeps patients apart in the folds, `params` also inside `fit`, which takes films for validation.

scikit-learn must be installed; nothing else in plainfilm needs it. Films are given as paths of files. What the commands
do besides (a test, a report, prediction sets, the refusal of what is no chest film) is not part of scikit-learn's
interface: every film gets probabilities.
"""

import contextlib
import os
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from numbers import Integral
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.utils import check_random_state, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from plainfilm.api.functions import checked_threads, spoken
from plainfilm.api.quiet import Quiet
from plainfilm.config import DEFAULT_RECIPE, Recipe, load_recipe
from plainfilm.errors import PlainfilmError, RecipeError
from plainfilm.io import files
from plainfilm.io.folders import read_file
from plainfilm.io.run_folder import Run
from plainfilm.messages import sentence, system_language
from plainfilm.model.predictor import Predictor
from plainfilm.task import CLASSES
from plainfilm.workflows.extras import check_extra

Films = Sequence[str | os.PathLike[str]] | NDArray[Any]


class FilmClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A ResNet that learns from films by the loop of `plainfilm train`.

    Args:
        recipe: its name, its file, or itself. Its share of validation films chooses the epoch and calibrates; none are
            kept for a test, which is scikit-learn's part.
        random_state: the seed of split, weights, order and variations, or a numpy.random.RandomState that draws it;
            None: those of the recipe.
        threads: of computing; None: as many as processors. The bits depend on it.

    Attributes:
        classes_: (K,), the labels in the order of the columns of `predict_proba`.
        model_file_: the bytes of the model file; written to `model.onnx` they are what every command takes.
    """

    def __init__(
        self, recipe: str | Recipe = DEFAULT_RECIPE, *, random_state: Any = None, threads: int | None = None
    ) -> None:
        self.recipe = recipe
        self.random_state = random_state
        self.threads = threads

    @spoken
    def fit(self, X: Films, y: ArrayLike, groups: Sequence[object] | None = None) -> Self:
        """Learn from N films: paths (N,), labels (N,), and who each is of, (N,), so that validation is of others.

        Raises SourceError for a film that cannot be read, RecipeError for a recipe of findings, ValueError for labels
        that are none.
        """
        check_extra("train")
        from plainfilm.present.progress import TrainingDisplay
        from plainfilm.workflows.training import Options, train_listed

        paths, labels = _paths(X), column_or_1d(y, warn=True)
        check_classification_targets(labels)
        if len(paths) != len(labels):
            raise ValueError(f"{len(paths)} films, {len(labels)} labels")
        classes, numbers = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise ValueError("FilmClassifier learns from films of two classes or more; these are of one class")
        names = [str(label) for label in classes]
        patients = [""] * len(paths) if groups is None else [_patient(group) for group in groups]
        with files.temporary_folder() as folder, contextlib.ExitStack() as stack:  # Ctrl-C ends it: nothing is kept
            display = TrainingDisplay(Quiet(system_language()), stack)
            model = train_listed(
                paths,
                [names[number] for number in numbers],
                patients,
                self._recipe(names),
                folder,
                display,
                Options(threads=checked_threads(self.threads)),
            )
        self.classes_ = classes
        self.model_file_ = model.data
        self._predictor: Predictor | None = None
        return self

    def _recipe(self, classes: Sequence[str]) -> Recipe:
        """The recipe for these classes, without a test. Raises RecipeError if it is not one of classes."""
        given = self.recipe if isinstance(self.recipe, Recipe) else load_recipe(self.recipe)
        if given.task.kind != CLASSES:
            raise RecipeError("classifier-classes-alone", given=given.task.kind)
        return replace(
            given,
            data=replace(given.data, classes=tuple(classes), names=None),
            split=replace(given.split, kind="grouped", test=0, seed=self._seed(given.split.seed)),
            training=replace(given.training, seed=self._seed(given.training.seed)),
        )

    def _seed(self, of_recipe: int) -> int:
        if self.random_state is None:
            return of_recipe
        if isinstance(self.random_state, Integral):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31))

    @spoken
    def predict_proba(self, X: Films) -> NDArray[np.float64]:
        """The probability of each class, (N, K), after calibration; rows sum to 1. Raises FilmError."""
        predictor, paths = self._ready(), _paths(X)
        reads = (partial(read_file, str(path)) for path in paths)
        found = []
        for path, result in zip(paths, predictor.predict_many(reads), strict=True):
            if isinstance(result, PlainfilmError):
                result.words = f"{path}: {sentence(result, system_language())}"
                raise result
            found.append(result.probabilities)
        return np.array(found).reshape(-1, len(self.classes_))

    def predict(self, X: Films) -> NDArray[Any]:
        """The most probable label of each film, (N,). Raises FilmError."""
        probabilities = self.predict_proba(X)
        predicted: NDArray[Any] = self.classes_[probabilities.argmax(axis=1)]
        return predicted

    def _ready(self) -> Predictor:
        """The predictor; made when it is first needed, also after unpickling."""
        if not hasattr(self, "model_file_"):
            raise NotFittedError("This FilmClassifier is not fitted yet. Call 'fit' first.")
        if self._predictor is None:
            with files.temporary_folder() as folder:
                path = Run(folder).model
                path.write_bytes(self.model_file_)
                self._predictor = Predictor(path)
        return self._predictor

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = dict(super().__getstate__())
        return state | {"_predictor": None} if "_predictor" in state else state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.input_tags.one_d_array, tags.input_tags.string = False, True, True
        tags.no_validation = True
        tags.non_deterministic = False
        return tags


def _patient(group: object) -> str:
    """The name of a group; "" for None and NaN, which are nobody."""
    return "" if group is None or group != group else f"group {group}"


def _paths(X: Films) -> list[Path]:
    """The paths of films, (N,)."""
    values = np.asarray(X, dtype=object)
    if values.ndim != 1:
        raise ValueError(f"expected a list of paths of films, (N,); given an array of shape {values.shape}")
    wrong = next((value for value in values if not isinstance(value, str | os.PathLike)), None)
    if wrong is not None:
        raise ValueError(f"expected a list of paths of films, (N,); given {wrong!r} among them")
    return [Path(value) for value in values]
