"""Recipes: everything that a training's result depends on, as frozen dataclasses; TOML in and out.

Every field has a line of documentation and a check; a value that makes no sense is an error where the recipe is born.
`None` means not given. A recipe is named (`fast`, `tutorial`, `smoke`: files of this package) or a TOML file.
"""

import difflib
import json
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from plainfilm.errors import RecipeError
from plainfilm.messages import LANGUAGES, Listed, Text, Words, say
from plainfilm.task import CLASSES, is_known

RECIPES = Path(__file__).parent / "recipes"
DEFAULT_RECIPE = "fast"

T = TypeVar("T")
Check = tuple[Text, Callable[[Any], bool]]  # what is expected, in words; whether a value is that


def setting(default: T, doc: str, check: Check | None = None) -> T:
    """A field of a recipe: its default, its line of documentation, its check."""
    return field(default=default, metadata={"doc": doc, "check": check})


def between(low: float, high: float) -> Check:
    """A number from `low` to `high`, both included."""
    return say("expected.between", low=low, high=high), lambda value: low <= value <= high


def one_of(*choices: object) -> Check:
    """One of `choices`."""
    return " | ".join(str(choice) for choice in choices), lambda value: value in choices


def each(check: Check) -> Check:
    """A non-empty list whose every entry passes `check`."""
    words, passes = check
    return say("expected.list", of=words), lambda values: bool(values) and all(passes(value) for value in values)


DIFFERENT = (say("expected.names"), lambda names: len(set(names)) == len(names) >= 2 and all(names))
INIT_PREFIX = "sha256:"
INIT = (
    f"default | tutorial | {INIT_PREFIX}...",
    lambda init: re.fullmatch(rf"default|tutorial|{INIT_PREFIX}[0-9a-f]{{64}}", init) is not None,
)
NETWORKS = (1, 16)  # the least and the most in a mean; a model file is read with as many, see `formats.structure`
WIDTHS = (16, 128)  # the least and the greatest; at 8, PyTorch 2.13 overwrites memory in backward on some processors


def _is_named(names: tuple[str, ...] | Mapping[str, str]) -> bool:
    """Whether these are an English and a Chinese name, or names by language."""
    return set(names) <= set(LANGUAGES) if isinstance(names, Mapping) else len(names) == 2


SIZE_PX = (say("expected.size", low=64, high=1024, of=16), lambda size: 64 <= size <= 1024 and size % 16 == 0)


@dataclass(frozen=True, kw_only=True)
class DataRecipe:
    """What a film becomes before the network sees it."""

    channels: int = setting(1, "1: grey; 3: the grey plane three times, as the tutorial's RGB", one_of(1, 3))
    fit: str = setting("squash", "how a film becomes square", one_of("squash", "letterbox"))
    classes: tuple[str, ...] | None = setting(
        None, "the classes, or findings, in their order; not given: found and sorted", DIFFERENT
    )
    names: Mapping[str, tuple[str, ...] | Mapping[str, str]] | None = setting(
        None,
        "display names of classes: by language (en, zh, ...), or English and Chinese",
        (say("expected.display-names"), lambda names: all(map(_is_named, names.values()))),
    )


MEANINGS = one_of("ignore", "absent", "present", 0.5)
BLANK_MEANINGS = one_of("ignore", "absent")


def _are_meanings(columns: Mapping[str, Any]) -> bool:
    """Whether these are meanings of uncertain and blank by finding."""
    checks = {"uncertain": MEANINGS[1], "blank": BLANK_MEANINGS[1]}
    return all(
        isinstance(entry, Mapping) and entry and all(key in checks and checks[key](entry[key]) for key in entry)
        for entry in columns.values()
    )


@dataclass(frozen=True, kw_only=True)
class TaskRecipe:
    """What a film's label is. What uncertain and blank cells of findings mean has no default."""

    kind: str = setting(CLASSES, "classes: exactly one a film; findings: any number", (say("expected.task"), is_known))
    uncertain: str | float | None = setting(None, "what an uncertain cell of a finding means", MEANINGS)
    blank: str | None = setting(None, "what a blank cell of a finding means", BLANK_MEANINGS)
    columns: Mapping[str, Mapping[str, str | float]] | None = setting(
        None,
        "findings whose uncertain or blank cells mean another thing, by name",
        (say("expected.meanings"), _are_meanings),
    )


@dataclass(frozen=True, kw_only=True)
class SplitRecipe:
    """Which film is for training, for validation, for the test."""

    kind: str = setting("grouped", "how films are split", one_of("grouped", "folds", "tutorial", "column"))
    seed: int = setting(0, "the seed of the split", between(0, 2**31))
    validation: float = setting(0.1, "share of the films of each class", between(0, 0.5))
    test: float = setting(0.1, "share of the films of each class", between(0, 0.5))
    folds: int = setting(5, "how many folds (kind folds)", between(3, 100))
    fold: int = setting(0, "which fold is the test; the next one is validation (kind folds)", between(0, 99))
    train_only: str = setting(
        "marked",
        "which films stay out of validation and test: those that the column train_only marks; recompressed: also those "
        "whose quality says that they were, by the conventions of tables",
        one_of("marked", "recompressed"),
    )
    train_only_quality: tuple[str, ...] = setting(
        (), "of recipes before tables had a column train_only: values of the column quality that mean the same"
    )


@dataclass(frozen=True, kw_only=True)
class AugmentRecipe:
    """How training films are varied."""

    policy: str = setting("radiograph", "which variations", one_of("none", "radiograph", "tutorial"))
    probability: float = setting(0.5, "of each of the tutorial's six operations", between(0, 1))
    strength: float = setting(1.0, "scales the ranges of the policy radiograph", between(0, 3))


@dataclass(frozen=True, kw_only=True)
class ModelRecipe:
    """The network."""

    depth: int = setting(18, "layers of the ResNet", one_of(18, 34, 50, 101, 152))
    width: int = setting(64, "channels of the first stage; as published: 64", between(*WIDTHS))
    networks: int = setting(
        1, "how many of it, drawn apart, each of which learns alone; their mean logit is the answer", between(*NETWORKS)
    )
    init: str = setting(
        "default",
        "how weights are drawn: as torchvision or as PaddlePaddle; or the checksum of the file that they come from, "
        "which `train --init FILE` writes",
        INIT,
    )

    @property
    def is_given(self) -> bool:
        """Whether the first weights come from a file; what that lacks is drawn as for "default"."""
        return self.init.startswith(INIT_PREFIX)


@dataclass(frozen=True, kw_only=True)
class TrainingRecipe:
    """The loop."""

    seed: int = setting(0, "the seed of weights, order and variations", between(0, 2**31))
    sizes_px: tuple[int, ...] = setting(
        (224,), "side of the films, step by step; the last is the model's", each(SIZE_PX)
    )
    epochs: tuple[int, ...] = setting((8,), "epochs at each of sizes_px", each(between(1, 1000)))
    batch_size: int = setting(64, "films a step of the optimiser", between(1, 4096))
    norm_group: int | None = setting(
        None, "films whose batch-norm statistics are taken together; not given: the whole batch", between(1, 4096)
    )
    optimizer: str = setting("adamw", "the optimiser", one_of("adam", "adamw", "sgd"))
    learning_rate: float = setting(1e-3, "the highest learning rate", between(1e-8, 10))
    weight_decay: float = setting(0.0, "decoupled for adamw, L2 for adam and sgd", between(0, 1))
    schedule: str = setting("cosine", "the learning rate over time", one_of("constant", "natural_exp", "cosine"))
    gamma: float = setting(0.6, "natural_exp: learning_rate * exp(-gamma * epoch)", between(0, 10))
    warmup_epochs: float = setting(0.0, "cosine: epochs of linear rise before the fall", between(0, 100))
    ema_decay: float = setting(0.0, "decay of the weights' moving average a step; 0: none", between(0, 0.99999))
    label_smoothing: float = setting(0.0, "share of a label spread over all classes", between(0, 0.5))
    class_weights: str = setting("none", "weights of the classes in the loss", one_of("none", "balanced"))
    precision: str = setting(
        "auto",
        "arithmetic of convolutions; auto: bfloat16 if the processor multiplies it natively, else float32",
        one_of("auto", "float32", "bfloat16", "float16"),
    )
    kernels: str = setting(
        "reference",
        "fast: a fused optimiser, large weights as matrices, a folded stem; the same mathematics, rounded otherwise",
        one_of("reference", "fast"),
    )
    checkpoint_steps: int = setting(50, "steps between two checkpoints", between(1, 100_000))

    @property
    def is_fast(self) -> bool:
        """Whether the quicker kernels are asked for."""
        return self.kernels == "fast"

    @property
    def group_size(self) -> int:
        """Films whose batch-norm statistics are taken together."""
        return self.norm_group or self.batch_size


@dataclass(frozen=True, kw_only=True)
class DecisionRecipe:
    """What is fitted on the validation films, after the training."""

    coverage: float = setting(0.95, "share of films whose set is to hold the true class", between(0.5, 0.999))
    sensitivities: tuple[float, ...] = setting(
        (0.9, 0.95, 0.99), "for which every class gets a threshold", each(between(0.01, 1))
    )
    out_of_fold: int | None = setting(
        None,
        "folds of the training films, each answered by a network that did not see it: decisions are fitted on these "
        "answers; not given: on the validation films",
        between(2, 20),
    )
    ties: Mapping[str, tuple[str, ...]] | None = setting(
        None,
        "a class that is known from one place alone, and the classes that it cannot be told from anywhere else: there "
        "they are named together",
        (say("expected.ties"), lambda ties: all(others and name not in others for name, others in ties.items())),
    )


SOURCE_FACTS = ("name", "terms", "citation")


def _is_source(entry: Mapping[str, str | Mapping[str, str]]) -> bool:
    """Whether each fact is there, the citation as a text, and texts by language have an English one."""
    by_language = [value for value in entry.values() if isinstance(value, Mapping)]
    return (
        set(entry) == set(SOURCE_FACTS)
        and isinstance(entry["citation"], str)
        and all("en" in texts and set(texts) <= set(LANGUAGES) for texts in by_language)
    )


CLAIM_ITEMS = {str(number) for number in range(1, 45)}
"""The numbers of the items of the CLAIM 2024 checklist."""


@dataclass(frozen=True, kw_only=True)
class ReportRecipe:
    """What only the authors of a report can say; no weight and no figure depends on it."""

    title: str | None = setting(None, "of the report", ("a text", lambda title: bool(title.strip())))
    authors: str | None = setting(None, "of the report", ("a text", lambda authors: bool(authors.strip())))
    sources: tuple[Mapping[str, str | Mapping[str, str]], ...] | None = setting(
        None,
        "where the films come from: name, terms and citation of each, for the card; name and terms also by language",
        (say("expected.sources"), lambda sources: all(map(_is_source, sources))),
    )
    claim: Mapping[str, str] | None = setting(
        None,
        "what the authors say to items of the CLAIM 2024 checklist, by number",
        ("texts by numbers 1 to 44", lambda texts: set(texts) <= CLAIM_ITEMS and all(map(str.strip, texts.values()))),
    )


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A whole recipe: one section a stage."""

    data: DataRecipe = DataRecipe()
    task: TaskRecipe = TaskRecipe()
    split: SplitRecipe = SplitRecipe()
    augment: AugmentRecipe = AugmentRecipe()
    model: ModelRecipe = ModelRecipe()
    training: TrainingRecipe = TrainingRecipe()
    decision: DecisionRecipe = DecisionRecipe()
    report: ReportRecipe = ReportRecipe()

    def __post_init__(self) -> None:
        for section in fields(self):
            _check_section(section.name, getattr(self, section.name))
        sizes_px, epochs, batch_size = self.training.sizes_px, self.training.epochs, self.training.batch_size
        _demand(len(epochs) == len(sizes_px), "training.epochs", epochs, "as many as sizes_px")
        _demand(list(sizes_px) == sorted(sizes_px), "training.sizes_px", sizes_px, "growing sizes")
        norm_group = self.training.group_size
        _demand(
            batch_size % norm_group == 0, "training.norm_group", norm_group, f"a divisor of batch_size ({batch_size})"
        )
        alone = self.model.networks == 1 or not self.model.is_given
        _demand(alone, "model.networks", self.model.networks, "1 where the weights come from a file: all would be one")
        _demand(self.split.fold < self.split.folds, "split.fold", self.split.fold, f"0 to {self.split.folds - 1}")

    @property
    def size_px(self) -> int:
        """The side of the square film that the model takes."""
        return self.training.sizes_px[-1]

    @property
    def task_section(self) -> dict[str, Any]:
        """The section `task` as index and model file hold it; of classes they hold none."""
        return {} if self.task.kind == CLASSES else json.loads(json.dumps(asdict(self.task)))

    def to_toml(self) -> str:
        """The recipe as TOML; `parse_recipe` gives it back."""
        import tomli_w

        sections = {
            name: {key: value for key, value in section.items() if value is not None}
            for name, section in asdict(self).items()
        }
        if self.task == TaskRecipe():  # recipes of classes never said so
            del sections["task"]
        return tomli_w.dumps({name: section for name, section in sections.items() if section})


def load_recipe(name: str) -> Recipe:
    """The recipe of that name in this package, or of that TOML file. Raises RecipeError."""
    path = RECIPES / f"{name}.toml" if name in recipe_names() else Path(name)
    try:
        return parse_recipe(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise RecipeError("recipe-missing", given=name, expected=", ".join(recipe_names())) from error
    except UnicodeDecodeError as error:
        raise RecipeError("recipe-not-toml", reason=str(error)) from error


def recipe_names() -> list[str]:
    """The names of the recipes that come with this package."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def parse_recipe(toml: str) -> Recipe:
    """A recipe from TOML. Raises RecipeError: no TOML, an unknown section or key, a wrong type, an impossible value."""
    try:
        tables = tomllib.loads(toml)
    except (ValueError, RecursionError) as error:  # no TOML; a number of thousands of digits; lists in lists in lists
        raise RecipeError("recipe-not-toml", reason=str(error)) from error
    sections = get_type_hints(Recipe)
    given: dict[str, Any] = {}
    for name, table in tables.items():
        _demand_known(name, list(sections))
        _demand(isinstance(table, dict), name, table, say("expected.section"))
        known = [entry.name for entry in fields(sections[name])]
        for key in table:
            _demand_known(key, known, section=f"{name}.")
        given[name] = sections[name](**{key: _freeze(value) for key, value in table.items()})
    return Recipe(**given)


def _freeze(value: object) -> object:
    """Lists as tuples, at every depth."""
    if isinstance(value, list):
        return tuple(_freeze(entry) for entry in value)
    if isinstance(value, dict):
        return {key: _freeze(entry) for key, entry in value.items()}
    return value


def _check_section(name: str, section: object) -> None:
    assert is_dataclass(section)
    hints = get_type_hints(type(section))
    for entry in fields(section):
        value, key = getattr(section, entry.name), f"{name}.{entry.name}"
        _demand(_is_of(value, hints[entry.name]), key, value, _type_words(hints[entry.name]))
        check = entry.metadata["check"]
        if check is not None and value is not None:
            _demand(check[1](value), key, value, check[0])


def _is_of(value: object, hint: object) -> bool:
    """Whether `value` is of the type `hint`: int, float (an int will do), str, a tuple or mapping of these, None."""
    if isinstance(hint, UnionType):
        return any(_is_of(value, option) for option in get_args(hint))
    if get_origin(hint) is tuple:
        return isinstance(value, tuple) and all(_is_of(entry, get_args(hint)[0]) for entry in value)
    if get_origin(hint) is not None:
        return isinstance(value, Mapping) and all(_is_of(entry, get_args(hint)[1]) for entry in value.values())
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(hint, type) and isinstance(value, hint) and not (hint is int and isinstance(value, bool))


def _type_words(hint: object) -> Words:
    if isinstance(hint, UnionType):
        return Listed(tuple(_type_words(option) for option in get_args(hint) if option is not NoneType), "list.bar")
    if get_origin(hint) is tuple:
        return say("expected.list", of=_type_words(get_args(hint)[0]))
    if hint is int:
        return say("expected.integer")
    if hint is float:
        return say("expected.number")
    return say("expected.text") if hint is str else say("expected.table")


def _demand(condition: bool, key: str, given: object, expected: Text) -> None:
    if not condition:
        shown = list(given) if isinstance(given, tuple) else given
        raise RecipeError("recipe-impossible", key=key, given=repr(shown), expected=expected)


def _demand_known(key: str, known: list[str], section: str = "") -> None:
    if key not in known:
        nearest = difflib.get_close_matches(key, known, n=1, cutoff=0)[0]
        raise RecipeError("recipe-unknown-key", key=section + key, nearest=nearest, expected=", ".join(known))
