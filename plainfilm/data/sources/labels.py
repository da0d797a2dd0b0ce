"""Labels: those that mean the same are one label; a cell with several is none.

What is the same: `names.name_key`. Which spelling stays: that of the classes that are known already (a recipe's, a
model's), else the commonest one.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence

from plainfilm.data.sources.conventions import COMMON, Conventions
from plainfilm.data.sources.names import name_key, tidy
from plainfilm.messages import Message

ALSO_BETWEEN = (";", ",", "/", "+")  # several labels, if each part is a label of other films


def is_no_label(cell: str, conventions: Conventions = COMMON) -> bool:
    """Whether a cell says that there is no label.

    >>> is_no_label("NaN"), is_no_label("None")
    (True, False)
    """
    return cell.strip().casefold() in conventions.no_label


def with_several(labels: Iterable[str], conventions: Conventions = COMMON) -> set[str]:
    """Those of the labels that name several at once.

    >>> sorted(with_several(["A", "B", "A|C", "A;B", "B, left"]))
    ['A;B', 'A|C']
    """
    different = set(labels)
    keys = {name_key(label) for label in different}
    return {
        label
        for label in different
        if conventions.several in label
        or any(
            mark in label
            and all(name_key(part) in keys for part in label.split(mark) if name_key(part) != name_key(label))
            for mark in ALSO_BETWEEN
            if len([part for part in label.split(mark) if name_key(part)]) > 1
        )
    }


def spellings(labels: Iterable[str], known: Sequence[str] = ()) -> dict[str, str]:
    """For each label that is spelt another way than its class, that class: one of `known`, else the commonest spelling.

    >>> spellings(["Normal", "normal", "Normal", "COVID"])
    {'normal': 'Normal'}
    >>> spellings(["Normal", "Viral Pneumonia"], ["NORMAL", "Viral_Pneumonia"])
    {'Normal': 'NORMAL', 'Viral Pneumonia': 'Viral_Pneumonia'}
    """
    counts = Counter(label for label in labels if label)
    known_by = {name_key(name): name for name in known}
    together: dict[str, list[str]] = defaultdict(list)
    for label in sorted(counts, key=lambda name: (-counts[name], name)):
        together[name_key(label)].append(label)
    return {
        label: known_by.get(key, tidy(same[0]))
        for key, same in together.items()
        for label in same
        if label != known_by.get(key, tidy(same[0])) and label not in known
    }


def notes_of(respelt: Mapping[str, str]) -> tuple[Message, ...]:
    """What is said of labels that are taken for another spelling, one sentence a class."""
    by_class: dict[str, list[str]] = defaultdict(list)
    for label, name in respelt.items():
        by_class[name].append(repr(label))
    return tuple(
        Message("balance.label-spelt", {"label": name, "spellings": ", ".join(sorted(labels))})
        for name, labels in sorted(by_class.items())
    )
