"""The card: what a model file says of itself, as JSON in its metadata.

Classes with their names in every language, preprocessing, what was fitted on validation films (calibration, gate,
health of the maps), provenance, and the result of its test. What contradicts itself is refused where it is read.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from plainfilm.data.preprocessing import CHANNELS, FITS
from plainfilm.errors import ModelFileError
from plainfilm.messages import Listed, Words, printable, say
from plainfilm.model.decision import Calibration
from plainfilm.model.seen import check_summary

FORMAT_VERSION = 1
TENSORS = {"pixels", "logits", "class_maps", "features"}
MAX_SIZE_PX = 1024  # of a recipe, too
MAX_CLASSES = 1000
MAX_REASON = 200  # characters
MAX_FIGURE = 1e12  # beyond any figure or n; JSON writes infinity as 1e999

NAMES = {  # display names of the tutorial's classes
    "NORMAL": ("normal lungs", "正常肺部"),
    "Viral_Pneumonia": ("viral pneumonia", "病毒性肺炎"),
    "COVID": ("COVID-19", "新冠肺炎"),
}


@dataclass(frozen=True)
class ClassName:
    """A class: its name in the data, and its display names."""

    name: str
    en: str
    zh: str

    def shown(self, language: str) -> str:
        """The display name in a language."""
        return printable(self.zh if language == "zh" else self.en)


@dataclass(frozen=True)
class Preprocessing:
    """The arguments of `plainfilm.data.preprocessing.preprocess`."""

    size: int
    channels: int
    fit: str


@dataclass(frozen=True)
class Card:
    """What a model file says of itself."""

    classes: tuple[ClassName, ...]
    preprocessing: Preprocessing
    weights_sha256: str
    provenance: Mapping[str, Any] = field(default_factory=dict)  # recipe, checksums, versions, leaking
    calibration: Calibration | None = None  # None: not calibrated
    gate: Mapping[str, Any] | None = None  # what `plainfilm.model.gate.fit` gave; None: only rules that need no fitting
    evaluation: Mapping[str, Any] | None = None  # None: not tested
    maps: Mapping[str, Any] | None = None  # what `plainfilm.evaluation.saliency.check_maps` found; None: not checked
    seen: Mapping[str, Any] | None = None  # numbers of `plainfilm.model.seen.SeenFilms`; None: cannot say
    format_version: int = FORMAT_VERSION

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes as the data have them, in the order of the logits."""
        return tuple(entry.name for entry in self.classes)

    @property
    def is_leaking(self) -> bool:
        """Whether the split that it was tested on may separate the films of one patient."""
        return bool(self.provenance.get("leaking", False))

    @property
    def doubted_maps(self) -> tuple[str, ...]:
        """The classes whose maps a random or a central one surely beats in a test, among films that it calls so."""
        by_class = {} if self.maps is None else self.maps.get("classes", {})
        return tuple(
            name
            for name, tests in by_class.items()
            if any(difference["high"] < 0 for test in tests.values() for difference in test.values())
        )

    @property
    def map_health(self) -> str:
        """The key of what is to be said of this model's maps, with the parameters n and names."""
        if self.maps is None:
            return "card.maps-not-checked"
        if not self.maps["faithful"]:
            return "card.maps-not-faithful"
        return "card.maps-doubted" if self.doubted_maps else "card.maps-faithful"

    @property
    def map_warning(self) -> Words:
        """The sentence that goes with every map shown; empty if the maps were found faithful, for every class."""
        if self.map_health == "card.maps-faithful":
            return Listed(())
        return say(self.map_health, names=Listed(tuple(self.shown(name) for name in self.doubted_maps)))

    def shown(self, name: str) -> Words:
        """The display names of a class."""
        return next(entry for entry in self.classes if entry.name == name)


def class_names(classes: Sequence[str], given: Mapping[str, Sequence[str]] | None = None) -> tuple[ClassName, ...]:
    """Classes with display names: the given ones, the tutorial's, else the name itself without underscores."""
    shown = NAMES | {name: (pair[0], pair[1]) for name, pair in (given or {}).items()}
    return tuple(ClassName(name, *shown.get(name, (name.replace("_", " "),) * 2)) for name in classes)


def named(classes: Iterable[ClassName]) -> Callable[[str], ClassName]:
    """What gives the display names of a class; of one that is not among these, the name itself."""
    by_name = {entry.name: entry for entry in classes}
    return lambda name: by_name.get(name, ClassName(name, name or "–", name or "–"))


def check_shapes(card: Card, shapes: Mapping[str, Sequence[Any]], path: Path) -> None:
    """Raise ModelFileError where the card and the shapes of inputs and outputs, by name, contradict each other."""
    wanted, num_classes = card.preprocessing, len(card.classes)
    expected_pixels = [wanted.channels, wanted.size, wanted.size]
    if set(shapes) != TENSORS or list(shapes["pixels"][1:]) != expected_pixels:
        raise ModelFileError("model-card-lies", path=str(path), what="pixels", expected=str(expected_pixels))
    logits, class_maps, features = shapes["logits"], shapes["class_maps"], shapes["features"]
    if list(logits[1:]) != [num_classes] or len(class_maps) != 4 or class_maps[1] != num_classes:
        raise ModelFileError("model-card-lies", path=str(path), what="classes", expected=str(num_classes))
    sides = [*class_maps[2:], *features[1:]]
    if len(features) != 2 or not all(isinstance(side, int) and side > 0 for side in sides):
        raise ModelFileError("model-card-lies", path=str(path), what="class_maps, features", expected="4, 2")


def parse_card(text: str, path: Path) -> Card:
    """The card of a model file from its JSON. Raises ModelFileError where it is not one of this format."""
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
        _demand(isinstance(content, dict), "the card is no object")
        version = content["format_version"]
        if version != FORMAT_VERSION or not _is_integer(version):
            raise ModelFileError("model-version", path=str(path), given=str(version)[:40], expected=FORMAT_VERSION)
        for name in ("calibration", "gate", "evaluation", "maps", "seen"):
            _demand(isinstance(content.get(name), dict | None), f"{name}: an object or null")
        content["classes"] = tuple(ClassName(**entry) for entry in content["classes"])
        content["preprocessing"] = Preprocessing(**content["preprocessing"])
        if content.get("calibration") is not None:
            content["calibration"] = Calibration.from_dict(content["calibration"], len(content["classes"]))
        card = Card(**content)
        _check_card(card)
        return card
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        if isinstance(error, ModelFileError):
            raise
        reason = str(error)[:MAX_REASON]
        raise ModelFileError("model-card-damaged", path=str(path), reason=reason) from error


def _check_card(card: Card) -> None:
    """Raise ValueError where a field of the card has another type or another range than it should."""
    names = card.class_names
    _demand(0 < len(names) <= MAX_CLASSES and len(set(names)) == len(names), f"classes: 1 to {MAX_CLASSES}, each once")
    _demand(
        all(isinstance(word, str) and word for entry in card.classes for word in (entry.name, entry.en, entry.zh)),
        "classes: names are texts",
    )
    wanted = card.preprocessing
    _demand(_is_integer(wanted.size) and 1 <= wanted.size <= MAX_SIZE_PX, f"size: 1 to {MAX_SIZE_PX}")
    _demand(_is_integer(wanted.channels) and wanted.channels in CHANNELS, f"channels: one of {CHANNELS}")
    _demand(wanted.fit in FITS, f"fit: one of {FITS}")
    _demand(isinstance(card.weights_sha256, str), "weights_sha256: a text")
    _demand(isinstance(card.provenance, dict), "provenance: an object")
    _demand(isinstance(card.provenance.get("leaking", False), bool), "leaking: true or false")
    if card.evaluation is not None:
        accuracy = card.evaluation["accuracy"]
        for figure in (accuracy, *(card.evaluation.get(name, accuracy) for name in ("balanced_accuracy", "macro_auc"))):
            is_figure = all(_is_figure(figure[name]) for name in ("value", "low", "high"))
            _demand(is_figure and _is_integer(figure["n"]) and 0 <= figure["n"] < MAX_FIGURE, "accuracy: a figure")
    if card.maps is not None:
        _demand(isinstance(card.maps["faithful"], bool) and _is_integer(card.maps["n"]), "maps: a verdict and its n")
        tests = [test for by_name in card.maps.get("classes", {}).values() for test in by_name.values()]
        highs = [difference["high"] for test in tests for difference in test.values()]
        _demand(all(_is_figure(high) and high is not None for high in highs), "maps: differences are figures")
    if card.seen is not None:
        check_summary(card.seen)


def _demand(is_right: bool, reason: str) -> None:
    if not is_right:
        raise ValueError(reason)


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_figure(value: Any) -> bool:
    """Whether this is a number, or null for one that could not be estimated."""
    return value is None or ((_is_integer(value) or isinstance(value, float)) and abs(value) < MAX_FIGURE)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
