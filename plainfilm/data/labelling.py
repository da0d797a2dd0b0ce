"""What a task makes of what tables and folders say of films: their labels, what a split keeps even, what is learned.

A label is one text. Of classes it is the name of the one class; of findings it is `statements.joined`.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from plainfilm.data.sources import labels as class_labels
from plainfilm.data.sources.ages import notes_on_ages
from plainfilm.data.sources.conventions import COMMON
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.findings_columns import state
from plainfilm.data.sources.findings_names import display_key
from plainfilm.data.sources.names import name_key
from plainfilm.data.splits.split import check_classes, divided, divided_folds, even, even_folds
from plainfilm.data.statements import BLANK, PRESENT, UNCERTAIN, Meaning, Rules, names_in, parted, targets_of
from plainfilm.errors import RecipeError, SourceError, SplitError
from plainfilm.messages import LANGUAGES, Message, text

TUTORIAL_CLASSES = ("NORMAL", "Viral_Pneumonia", "COVID")
NO_FINDING = "No Finding"  # what a film without any counts as
MIN_GROUPS = 3  # one for each part
MIN_HEADINGS = 2  # that are findings, from which on a table is one of findings
Targets = NDArray[Any]


class Labelling(Protocol):
    """The part of a task that says what labels are."""

    names_folders: bool  # whether a folder may name a label
    is_single: bool  # whether a film counts as one thing alone

    def labelled(self, entries: Sequence[Entry], wanted: Sequence[str]) -> tuple[list[Entry], tuple[Message, ...]]:
        """The entries with their labels as this task has them, and what is to be said of that.

        `wanted`: the names that a recipe or model asks for; none: all that are there.
        """

    def respelt(self, labels: Sequence[str], names: Sequence[str]) -> dict[str, str]:
        """For labels that name something known in another spelling, the known one."""

    def names(self, labels: set[str]) -> tuple[str, ...]:
        """The names that a network is to tell, in the order of its logits."""

    def problem(self, label: str, names: Sequence[str]) -> str:
        """Why a film with this label cannot be used, as a problem's code; "" if it can."""

    def contradict(self, labels: set[str]) -> bool:
        """Whether copies of one film with these labels contradict each other."""

    def counted(self, label: str, names: Sequence[str]) -> tuple[str, ...]:
        """What a film counts as: in shares of a split, in tables of films."""

    def all_counted(self, names: Sequence[str]) -> tuple[str, ...]:
        """All that a film may count as."""

    def parts(
        self,
        counted: Sequence[Sequence[str]],
        sources: Sequence[str],
        groups: Sequence[str],
        *,
        shares: Mapping[str, float],
        train_only: Sequence[bool],
        seed: int,
    ) -> tuple[list[str], str]:
        """The part of each film, groups whole, what films count as even; and the method. See `split.divided`."""

    def folds(
        self,
        counted: Sequence[Sequence[str]],
        sources: Sequence[str],
        groups: Sequence[str],
        *,
        count: int,
        train_only: Sequence[bool],
        seed: int,
    ) -> tuple[list[int | None], str]:
        """Likewise the fold of each film. See `split.divided_folds`."""

    def display_names(self, name: str) -> dict[str, str]:
        """What people call it, by language; nothing if no table of this program says so."""

    def check(
        self, labels: Sequence[str], groups: Sequence[str], names: Sequence[str], task: Mapping[str, Any]
    ) -> None:
        """Raise SplitError or RecipeError unless these films can be learned from."""

    def targets(self, labels: Sequence[str], names: Sequence[str], task: Mapping[str, Any]) -> Targets:
        """What a network is to learn of N films: whatever the task's loss takes, the first axis being the films."""


def display_names(labelling: Labelling, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """What people call each of some names, by language, as far as this program knows it."""
    return {name: shown for name in names if (shown := labelling.display_names(name))}


class ClassLabels:
    """Exactly one class a film."""

    names_folders = True
    is_single = True

    def labelled(self, entries: Sequence[Entry], wanted: Sequence[str]) -> tuple[list[Entry], tuple[Message, ...]]:
        """One spelling for each label; those with several labels in one cell have none.

        That tables state findings, which classes pass over, is said.
        """
        plain, notes = class_labels.with_plain_labels(entries)
        headings = sorted({heading for entry in entries for heading in entry.columns})
        findings = [heading for heading in headings if name_key(heading) in COMMON.finding_of]
        if len(findings) < MIN_HEADINGS:
            return plain, notes
        said = Message("balance.findings-unused", {"count": len(findings), "names": ", ".join(findings)})
        return plain, (*notes, said)

    def respelt(self, labels: Sequence[str], names: Sequence[str]) -> dict[str, str]:
        """As `labels.spellings`."""
        return class_labels.spellings(labels, names) if names else {}

    def names(self, labels: set[str]) -> tuple[str, ...]:
        """The tutorial's three classes in its order; any other set sorted."""
        return TUTORIAL_CLASSES if labels == set(TUTORIAL_CLASSES) else tuple(sorted(labels))

    def problem(self, label: str, names: Sequence[str]) -> str:
        """A label that is missing, or names none of the classes."""
        if not label:
            return "label-missing"
        return "" if label in names else "class-unknown"

    def contradict(self, labels: set[str]) -> bool:
        """Two different ones do; no label contradicts none."""
        return len(labels - {""}) > 1

    def counted(self, label: str, names: Sequence[str]) -> tuple[str, ...]:
        """Its class."""
        return (label,)

    def all_counted(self, names: Sequence[str]) -> tuple[str, ...]:
        """The classes."""
        return tuple(names)

    def parts(
        self, counted: Sequence[Sequence[str]], sources: Sequence[str], groups: Sequence[str], **asked: Any
    ) -> tuple[list[str], str]:
        """As `split.divided`, of the one class of each film."""
        return divided([name for (name,) in counted], sources, groups, **asked)

    def folds(
        self, counted: Sequence[Sequence[str]], sources: Sequence[str], groups: Sequence[str], **asked: Any
    ) -> tuple[list[int | None], str]:
        """As `split.divided_folds`, of the one class of each film."""
        return divided_folds([name for (name,) in counted], sources, groups, **asked)

    def display_names(self, name: str) -> dict[str, str]:
        """Nothing: `card.class_names` knows the tutorial's."""
        return {}

    def check(
        self, labels: Sequence[str], groups: Sequence[str], names: Sequence[str], task: Mapping[str, Any]
    ) -> None:
        """As `split.check_classes`."""
        check_classes(labels, groups, names)

    def targets(self, labels: Sequence[str], names: Sequence[str], task: Mapping[str, Any]) -> NDArray[np.int64]:
        """The numbers of the classes, (N,); -1 where a film has none of them."""
        number_of = {name: number for number, name in enumerate(names)}
        return np.array([number_of.get(label, -1) for label in labels], dtype=np.int64)


CLASS_LABELS = ClassLabels()


class FindingLabels:
    """Any number of findings a film, each present, absent, uncertain, blank, or never asked for."""

    names_folders = False
    is_single = False

    def labelled(self, entries: Sequence[Entry], wanted: Sequence[str]) -> tuple[list[Entry], tuple[Message, ...]]:
        """As `findings_columns.state`; and whether ages are years is said, too."""
        stated, notes = state(entries, wanted)
        return stated, (*notes, *notes_on_ages(entries))

    def respelt(self, labels: Sequence[str], names: Sequence[str]) -> dict[str, str]:
        """None: `labelled` has looked for these names already."""
        return {}

    def names(self, labels: set[str]) -> tuple[str, ...]:
        """All findings that are stated of any film, sorted."""
        return names_in(labels)

    def problem(self, label: str, names: Sequence[str]) -> str:
        """A film of which nothing is stated, or nothing of these findings, or every cell of which is blank."""
        stated = parted(label)
        if not stated:
            return "label-missing"
        cells = [value for name, value in stated.items() if name in names]
        if not cells:
            return "findings-unknown"
        return "" if any(value != BLANK for value in cells) else "findings-blank"

    def contradict(self, labels: set[str]) -> bool:
        """One says that a finding is present, another that it is absent."""
        found: dict[str, set[str]] = {}
        for label in labels:
            for name, value in parted(label).items():
                found.setdefault(name, set()).add(value)
        return any({"0", "1"} <= values for values in found.values())

    def counted(self, label: str, names: Sequence[str]) -> tuple[str, ...]:
        """The findings that are present; `NO_FINDING` if there are none; nothing if nothing is stated."""
        stated = parted(label)
        if not stated:
            return ("",)
        return tuple(name for name in names if stated.get(name) == PRESENT) or (NO_FINDING,)

    def all_counted(self, names: Sequence[str]) -> tuple[str, ...]:
        """The findings, and none of them."""
        return (*names, NO_FINDING)

    parts = staticmethod(even)
    folds = staticmethod(even_folds)

    def display_names(self, name: str) -> dict[str, str]:
        """As the table of findings has it; of `NO_FINDING` what it counts, as an uncertain finding may be there."""
        key = "index.none-present" if name == NO_FINDING else display_key(name)
        return {} if key is None else {language: text(key, language) for language in LANGUAGES}

    def check(
        self, labels: Sequence[str], groups: Sequence[str], names: Sequence[str], task: Mapping[str, Any]
    ) -> None:
        """Both meanings are said where there are such cells; every finding is present in some films, absent in some."""
        stated = names_in(labels)
        if not (stated or names):
            raise SourceError("findings-none")
        if missing := [name for name in names if name not in stated]:
            raise SourceError("finding-missing", findings=", ".join(missing), known=", ".join(stated) or "-")
        targets = self.targets(labels, names, task)
        if len(set(groups)) < MIN_GROUPS:
            raise SplitError("findings-too-few-groups", groups=len(set(groups)), minimum=MIN_GROUPS)
        for number, name in enumerate(names):
            present, absent = ((targets[:, number] == value).sum() for value in (1, 0))
            if not (present and absent):
                raise SplitError("finding-one-value", name=name, present=int(present), absent=int(absent))

    def targets(self, labels: Sequence[str], names: Sequence[str], task: Mapping[str, Any]) -> NDArray[np.float32]:
        """The probability that each finding is present, (N, K); NaN where nobody says.

        Raises RecipeError if there are uncertain or blank cells, and the recipe does not say what these mean.
        """
        return targets_of(labels, names, rules_of(task, touched(labels, names)))


def touched(labels: Sequence[str], names: Sequence[str]) -> dict[str, Counter[str]]:
    """How many cells are uncertain, and how many blank, by finding."""
    found: dict[str, Counter[str]] = {"uncertain": Counter(), "blank": Counter()}
    for label, films in Counter(labels).items():
        for name, value in parted(label).items():
            if name in names and value in (UNCERTAIN, BLANK):
                found["uncertain" if value == UNCERTAIN else "blank"][name] += films
    return found


def rules_of(task: Mapping[str, Any], cells: Mapping[str, Counter[str]]) -> Rules:
    """What the section `task` of a recipe says of the cells that there are. Raises RecipeError if it says nothing."""
    columns = task.get("columns") or {}
    for kind, by_finding in cells.items():
        unsaid = [name for name in by_finding if kind not in columns.get(name, {})]
        if task.get(kind) is None and unsaid:
            count = sum(by_finding[name] for name in unsaid)
            raise RecipeError(
                "findings-blank-unsaid" if kind == "blank" else "findings-uncertain-unsaid",
                cells=count,
                findings=", ".join(sorted(unsaid)),
            )
    every = Meaning(task.get("uncertain") or "ignore", task.get("blank") or "ignore")
    return Rules(
        every,
        {
            name: Meaning(entry.get("uncertain", every.uncertain), entry.get("blank", every.blank))
            for name, entry in columns.items()
        },
    )
