"""The card: what a model file says of itself, as JSON in its metadata.

Classes with their names in every language, preprocessing, what was fitted on validation films (calibration, input
check, health of the maps), provenance, and the result of its test. What contradicts itself is refused where it is
read.

Format 2 is written. A section that this program does not know is kept, and ignored. Format 1, whose classes have the
keys `en` and `zh` for `names`, is read; it has no unknown sections.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import partial
from pathlib import Path
from typing import Any, Self, TypeVar

from plainfilm import records
from plainfilm.data.preprocessing import CHANNELS, FITS
from plainfilm.errors import ModelFileError, PlainfilmError, demand
from plainfilm.estimate import Estimate, is_estimate
from plainfilm.messages import LANGUAGES, Listed, Message, Words, say, text
from plainfilm.model.input_check import Statistics
from plainfilm.model.seen import SeenCounts
from plainfilm.model.shift import ShiftSummary
from plainfilm.task import CLASSES, is_known, task_of
from plainfilm.text import printable

FORMAT_VERSION = 2
T = TypeVar("T")
TENSORS = {"pixels", "logits", "class_maps", "features"}
MAX_SIZE_PX = 1024  # of a recipe, too
MAX_CLASSES = 1000
MAX_REASON = 200  # characters
MAX_FIGURE = 1e12  # beyond any figure or n; JSON writes infinity as 1e999

TUTORIAL_NAMES = {  # the tutorial's classes, and the keys of their display names
    "NORMAL": "class.NORMAL",
    "Viral_Pneumonia": "class.Viral_Pneumonia",
    "COVID": "class.COVID",
}
PAIR = ("en", "zh")  # the languages of two names without any


@dataclass(frozen=True)
class ClassName:
    """A class: its name in the data, and its display names."""

    name: str
    names: Mapping[str, str]  # by language

    def shown(self, language: str) -> str:
        """The display name in a language; if there is none the English one, else the name itself."""
        return printable(self.names.get(language) or self.names.get("en") or self.name)


@dataclass(frozen=True)
class _BilingualName:
    """A class in format 1."""

    name: str
    en: str
    zh: str


@dataclass(frozen=True)
class Preprocessing:
    """The arguments of `plainfilm.data.preprocessing.preprocess`."""

    size: int
    channels: int
    fit: str


@dataclass(frozen=True)
class Recalibrated:
    """That everything but the weights was fitted anew, on films of another place, and tested on others from there."""

    parent: str  # SHA-256 of the model file whose weights these are, as it names itself
    films: int  # that could be used
    fitted: int  # of them
    tested: int  # the others
    data_sha256: str  # of all of them


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """Where a model comes from; None: not said."""

    recipe: str | None = field(default=None, metadata=records.ABSENT)  # as TOML
    data_sha256: str | None = field(default=None, metadata=records.ABSENT)
    split_sha256: str | None = field(default=None, metadata=records.ABSENT)
    leaking: bool | None = field(default=None, metadata=records.ABSENT)
    films: Mapping[str, int] | None = field(default=None, metadata=records.ABSENT)  # by part of the split
    validation: Mapping[str, float] | None = field(default=None, metadata=records.ABSENT)  # figures of the kept epoch
    imported: Mapping[str, str] | None = field(default=None, metadata=records.ABSENT)  # of weights from elsewhere
    int8: Mapping[str, object] | None = field(default=None, metadata=records.ABSENT)  # of a twin
    recalibrated: Recalibrated | None = field(default=None, metadata=records.ABSENT)  # on films of another place
    packages: Mapping[str, str] | None = field(default=None, metadata=records.ABSENT)  # versions
    python: str | None = field(default=None, metadata=records.ABSENT)
    others: Mapping[str, object] = records.inlined()


@dataclass(frozen=True, kw_only=True)
class InLungs:
    """Means over films: the share of the maps' evidence that lies in the lung field, and of the film that it covers."""

    evidence: Estimate
    area: Estimate


@dataclass(frozen=True, kw_only=True)
class Maps:
    """What `plainfilm.evaluation.saliency.check_maps` found: a verdict, on how many films, and each class's tests."""

    faithful: bool
    n: int
    classes: Mapping[str, Mapping[str, Mapping[str, Estimate]]] = field(default_factory=dict)
    lungs: InLungs | None = field(default=None, metadata=records.ABSENT)  # None: not measured
    others: Mapping[str, object] = records.inlined()


@dataclass(frozen=True)
class Source:
    """Where films of the training come from, and on which terms."""

    name: Mapping[str, str]  # by language; English is there
    terms: Mapping[str, str]  # likewise
    citation: str

    def __post_init__(self) -> None:
        demand("en" in self.name and "en" in self.terms, "card.reason.section", name="sources")

    @classmethod
    def from_dict(cls, entry: object) -> Self:
        """Undoes `records.as_dict`. A text without a language, as a recipe or an earlier file has it, is English."""
        if isinstance(entry, Mapping):
            plain = {fact: {"en": entry[fact]} for fact in ("name", "terms") if isinstance(entry.get(fact), str)}
            entry = {**entry, **plain}
        return records.from_dict(cls, entry, exact=True)


@dataclass(frozen=True)
class Confidence:
    """How sure the model is of validation films: what a guess of its accuracy elsewhere starts from."""

    threshold: float  # of the highest probability: as many films reach it as are right
    mean: float  # highest probability
    accuracy: Estimate


@dataclass(frozen=True)
class Guessed:
    """The accuracy that is to be expected on films whose classes nobody told, guessed in two ways."""

    threshold: Estimate
    difference: Estimate


@dataclass(frozen=True)
class Record:
    """How good the guesses were on the labelled films of a site that the model was not trained on."""

    site: str
    accuracy: Estimate
    guessed: Guessed


@dataclass(frozen=True, kw_only=True)
class Audited:
    """What `plainfilm audit` found of the model and its films."""

    view: str  # of those without lung the one that tells most of the classes
    accuracy: Estimate  # of a probe that sees nothing else
    chance: Estimate  # of calling every film by the commonest class
    model: Estimate  # accuracy of the model on the same films
    share: Estimate  # of what the model adds over chance, that the probe gets


@dataclass(frozen=True)
class OwnFigures:
    """The content of metrics.json on the model's own test films, but for what names entries of the user's table."""

    overall: Mapping[str, Estimate] = records.inlined(is_estimate)
    others: Mapping[str, object] = records.inlined(lambda entry: not is_estimate(entry))


@dataclass(frozen=True)
class Card:
    """What a model file says of itself."""

    classes: tuple[ClassName, ...]
    preprocessing: Preprocessing
    weights_sha256: str
    provenance: Provenance = Provenance()
    calibration: Any = None  # of `Answering.calibration`; None: not calibrated
    gate: Statistics | None = None  # None: only rules without fitting
    shift: ShiftSummary | None = None  # of its home; None: it cannot say when it is abroad
    evaluation: OwnFigures | None = None  # None: not tested
    maps: Maps | None = None  # None: not checked
    confidence: Confidence | None = None  # None: it cannot guess its accuracy elsewhere
    track_record: tuple[Record, ...] | None = None  # of its guesses; None: there are none
    audited: Audited | None = None  # None: not audited
    ties: Mapping[str, tuple[str, ...]] | None = None  # see `decision.tied`
    sources: tuple[Source, ...] | None = None  # None: not said
    task: Mapping[str, object] | None = field(default=None, metadata=records.ABSENT)  # of the recipe; None: classes
    seen: SeenCounts | None = None  # of `plainfilm.model.seen.SeenFilms`; None: cannot say
    format_version: int = FORMAT_VERSION  # of the file
    others: Mapping[str, object] = records.inlined()  # sections of later programs

    def as_json(self) -> str:
        """The metadata entry, in the format that is written. Raises ValueError for a number that is not finite."""
        content = records.as_dict(self) | {"format_version": FORMAT_VERSION}
        return json.dumps(content, ensure_ascii=False, allow_nan=False, sort_keys=True)

    @property
    def task_kind(self) -> str:
        """The name of the task."""
        return CLASSES if self.task is None else str(self.task["kind"])

    @property
    def macro_over(self) -> tuple[str, ...] | None:
        """The findings that enough films of its test have, which means are over; None if the card does not say."""
        over = None if self.evaluation is None else self.evaluation.others.get("macro_over")
        return tuple(over) if isinstance(over, list | tuple) else None

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes as the data have them, in the order of the logits."""
        return tuple(entry.name for entry in self.classes)

    @property
    def tied_numbers(self) -> list[tuple[int, list[int]]]:
        """The ties by the numbers of the classes."""
        number_of = {name: number for number, name in enumerate(self.class_names)}
        ties = (self.ties or {}).items()
        return [(number_of[name], [number_of[other] for other in others]) for name, others in ties]

    @property
    def is_leaking(self) -> bool:
        """Whether the split that it was tested on may separate the films of one patient."""
        return bool(self.provenance.leaking)

    @property
    def is_recalibrated(self) -> bool:
        """Whether its calibration and its test are of another place than its training."""
        return self.provenance.recalibrated is not None

    @property
    def doubted_maps(self) -> tuple[str, ...]:
        """The classes whose maps a random or a central one surely beats in a test, among films that it calls so."""
        by_class = {} if self.maps is None else self.maps.classes
        return tuple(
            name
            for name, tests in by_class.items()
            if any(difference.high < 0 for test in tests.values() for difference in test.values())
        )

    @property
    def map_health(self) -> str:
        """The key of what is to be said of this model's maps, with the parameters n and names."""
        if self.maps is None:
            return "card.maps-not-checked"
        if not self.maps.faithful:
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


GivenNames = Mapping[str, Sequence[str] | Mapping[str, str]]
"""Display names by class: by language, or the English and the Chinese one."""


def class_names(classes: Sequence[str], given: GivenNames | None = None) -> tuple[ClassName, ...]:
    """Classes with display names: the given ones, the tutorial's, else the name itself without underscores."""
    return tuple(ClassName(name, _names(name, (given or {}).get(name))) for name in classes)


def _names(name: str, given: Sequence[str] | Mapping[str, str] | None) -> dict[str, str]:
    """The display names of a class, by language."""
    if isinstance(given, Mapping):
        return dict(given)
    if given is not None:
        return dict(zip(PAIR, given, strict=True))
    if name in TUTORIAL_NAMES:
        return {language: text(TUTORIAL_NAMES[name], language) for language in LANGUAGES}
    return dict.fromkeys(PAIR, name.replace("_", " "))


def named(classes: Iterable[ClassName]) -> Callable[[str], ClassName]:
    """What gives the display names of a class; of one that is not among these, the name itself."""
    by_name = {entry.name: entry for entry in classes}
    return lambda name: by_name.get(name, ClassName(name, {"en": name or "–"}))


def check_shapes(card: Card, shapes: Mapping[str, Sequence[int | None]], path: Path) -> None:
    """Raise ModelFileError if the card and the shapes of inputs and outputs, by name, contradict each other."""
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
    """The card of a model file from its JSON. Raises ModelFileError if it is not one of a format that is read."""
    try:
        content = json.loads(text, parse_constant=_refuse_constant)
        demand(isinstance(content, dict), "card.reason.object")
        version = content["format_version"]
        if not _is_integer(version) or not 1 <= version <= FORMAT_VERSION:
            raise ModelFileError("model-version", path=str(path), given=str(version)[:40], expected=FORMAT_VERSION)
        return _checked(_parsed(content, version))
    except ModelFileError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelFileError("model-card-damaged", path=str(path), reason=reason_of(error)) from error


def reason_of(error: Exception) -> Message:
    """Why a card, or what belongs to one, is refused."""
    if isinstance(error, PlainfilmError):
        return Message(error.code, error.parameters)
    if isinstance(error, json.JSONDecodeError):
        return say("card.reason.json", line=error.lineno, column=error.colno)
    entry = str(error)[:MAX_REASON] if isinstance(error, KeyError | records.Mismatch) else type(error).__name__
    return say("card.reason.entry", entry=entry)


def _parsed(content: Mapping[str, Any], version: int) -> Card:
    """A card whose sections are of the right kind."""
    known = {entry.name for entry in fields(Card)} - {"others"}
    others = {name: section for name, section in content.items() if name not in known}
    demand(version > 1 or not others, "card.reason.unknown", name=next(iter(others), ""))
    classes = tuple(_class_name(entry, version) for entry in content["classes"])
    task = _section(content, "task", dict)
    answers = _task(task).answers
    return Card(
        classes=classes,
        preprocessing=records.from_dict(Preprocessing, content["preprocessing"], exact=True),
        weights_sha256=content["weights_sha256"],
        provenance=_section(content, "provenance", partial(records.from_dict, Provenance)) or Provenance(),
        calibration=_section(content, "calibration", lambda entry: answers.calibration(entry, len(classes))),
        gate=_section(content, "gate", partial(records.from_dict, Statistics)),
        shift=_section(content, "shift", partial(records.from_dict, ShiftSummary, exact=True)),
        evaluation=_section(content, "evaluation", partial(records.from_dict, OwnFigures)),
        maps=_section(content, "maps", partial(records.from_dict, Maps)),
        confidence=_section(content, "confidence", partial(records.from_dict, Confidence)),
        track_record=_listed(content, "track_record", partial(records.from_dict, Record)),
        audited=_section(content, "audited", partial(records.from_dict, Audited)),
        ties=_ties(content.get("ties")),
        sources=_listed(content, "sources", Source.from_dict),
        task=task,
        seen=_section(content, "seen", partial(records.from_dict, SeenCounts, exact=True)),
        format_version=version,
        others=others,
    )


def _class_name(entry: object, version: int) -> ClassName:
    if version > 1:
        return records.from_dict(ClassName, entry, exact=True)
    given = records.from_dict(_BilingualName, entry, exact=True)
    return ClassName(given.name, {"en": given.en, "zh": given.zh})


def _task(section: Mapping[str, object] | None) -> Any:
    """The task that a card names; raises PlainfilmError if this program does not know it."""
    kind = CLASSES if section is None else section.get("kind")
    demand(isinstance(kind, str) and is_known(kind), "card.reason.section", name="task")
    return task_of(str(kind))


def _ties(entry: object) -> Mapping[str, tuple[str, ...]] | None:
    if entry is None:
        return None
    is_right = isinstance(entry, dict) and all(
        isinstance(others, list) and others and all(isinstance(other, str) for other in others)
        for others in entry.values()
    )
    demand(is_right, "card.reason.section", name="ties")
    assert isinstance(entry, dict)
    return {name: tuple(others) for name, others in entry.items()}


def _listed(content: Mapping[str, object], name: str, read: Callable[[object], T]) -> tuple[T, ...] | None:
    """A section that is a list, entry by entry as `read` has it; None if it is not there."""
    entries = content.get(name)
    if entries is None:
        return None
    demand(isinstance(entries, list), "card.reason.section", name=name)
    assert isinstance(entries, list)
    return tuple(map(read, entries))


def _section(content: Mapping[str, object], name: str, read: Callable[[Mapping[str, object]], T]) -> T | None:
    """A section of the card as `read` has it; None if it is not there."""
    entry = content.get(name)
    if entry is None:
        return None
    if not isinstance(entry, dict):
        raise PlainfilmError("card.reason.section", name=name)
    return read(entry)


def _checked(card: Card) -> Card:
    """The same. Raises PlainfilmError if a field of the card has another type or another range than it should."""
    names = card.class_names
    words = [word for entry in card.classes for word in (entry.name, *entry.names, *entry.names.values())]
    demand(0 < len(names) <= MAX_CLASSES and len(set(names)) == len(names), "card.reason.classes", maximum=MAX_CLASSES)
    demand(all(words), "card.reason.names")
    wanted = card.preprocessing
    demand(1 <= wanted.size <= MAX_SIZE_PX, "card.reason.size", maximum=MAX_SIZE_PX)
    demand(wanted.channels in CHANNELS, "card.reason.one-of", name="channels", expected=CHANNELS)
    demand(wanted.fit in FITS, "card.reason.one-of", name="fit", expected=FITS)
    demand(isinstance(card.weights_sha256, str), "card.reason.text", name="weights_sha256")
    if card.evaluation is not None:
        figure = task_of(card.task_kind).headline
        demand(figure in card.evaluation.overall, "card.reason.figure", name=figure)
        for name in ("balanced_accuracy", "macro_auc"):
            demand(name not in card.evaluation.others, "card.reason.figure", name=name)
        for name, estimate in card.evaluation.overall.items():
            demand(_is_figure(estimate), "card.reason.figure", name=name)
    tied_names = {name for lone, others in (card.ties or {}).items() for name in (lone, *others)}
    demand(tied_names <= set(names), "card.reason.section", name="ties")
    if card.confidence is not None:
        fitted = card.confidence
        demand(0 <= fitted.threshold <= 1 and 0 <= fitted.mean <= 1, "card.reason.range", name="confidence")
        demand(_is_figure(fitted.accuracy) and fitted.accuracy.estimable, "card.reason.figure", name="confidence")
    for record in card.track_record or ():
        guesses = (record.accuracy, record.guessed.threshold, record.guessed.difference)
        is_told = all(_is_figure(estimate) and estimate.estimable for estimate in guesses)
        demand(is_told, "card.reason.figure", name="track_record")
    if card.audited is not None:
        found = card.audited
        estimates = (found.accuracy, found.chance, found.model, found.share)
        demand(all(_is_figure(estimate) for estimate in estimates), "card.reason.figure", name="audited")
    if card.maps is not None:
        tests = [test for by_name in card.maps.classes.values() for test in by_name.values()]
        differences = [difference for test in tests for difference in test.values()]
        lungs = [] if card.maps.lungs is None else [card.maps.lungs.evidence, card.maps.lungs.area]
        for estimate in (*differences, *lungs):
            demand(_is_figure(estimate) and estimate.estimable, "card.reason.figure", name="maps")
    return card


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_figure(estimate: Estimate) -> bool:
    """Whether the numbers are some that a figure may have; NaN is one that could not be estimated."""
    bounds = (estimate.value, estimate.low, estimate.high, float(estimate.n), estimate.coverage or 0.0)
    return estimate.n >= 0 and all(bound != bound or abs(bound) < MAX_FIGURE for bound in bounds)  # NaN, or any int


def _refuse_constant(name: str) -> None:
    raise PlainfilmError("card.reason.number", given=name)
