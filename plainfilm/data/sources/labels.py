"""What folders and cells say of a film: hidden, a mask, its class, its part, that it serves for training alone.

Labels that mean the same are one label; a cell with several is none. What is the same: `names.name_key`. Which
spelling stays: that of the classes that are known already (a recipe's, a model's), else the commonest one.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from plainfilm.data.sources.conventions import COMMON, Conventions
from plainfilm.data.sources.entry import Entry
from plainfilm.data.sources.names import name_key, tidy
from plainfilm.messages import Message


def is_hidden(path: str, conventions: Conventions = COMMON) -> bool:
    """Whether a path inside a source is that of a hidden file or a system's, or lies in such a folder.

    >>> is_hidden("NORMAL/.ipynb_checkpoints/a.png"), is_hidden("NORMAL/a.png")
    (True, False)
    """
    *folders, name = path.casefold().split("/")
    return (
        any(part.startswith(conventions.hidden_starts) and part not in (".", "..") for part in (*folders, name))
        or not conventions.systems.isdisjoint(folders)
        or name in conventions.litter
    )


def is_mask(path: str, conventions: Conventions = COMMON) -> bool:
    """Whether a path inside a source lies in a folder of masks."""
    return not conventions.masks.isdisjoint(path.casefold().split("/")[:-1])


def class_and_split(folders: Sequence[str], conventions: Conventions = COMMON) -> tuple[str, str]:
    """The class and the part of a split that folders name, from the outermost, "" for what they do not.

    >>> class_and_split(("train", "COVID", "images"))
    ('COVID', 'train')
    >>> class_and_split(("val",))
    ('', 'validation')
    """
    found = [conventions.split_of.get(name_key(folder), "") for folder in folders]
    split = next((part for part in reversed(found) if part), "")
    for folder in reversed(folders):
        if names_class(folder, conventions):
            return folder, split
    return "", split


def names_class(folder: str, conventions: Conventions = COMMON) -> bool:
    """Whether a folder may name a class."""
    key = name_key(folder)
    return (
        bool(key)
        and key not in conventions.split_of
        and key not in conventions.image_folders
        and not is_hidden(f"{folder}/film", conventions)
        and not any(re.fullmatch(pattern, key) for pattern in conventions.id_folders)
    )


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


def with_plain_labels(entries: Sequence[Entry]) -> tuple[list[Entry], tuple[Message, ...]]:
    """The entries with one spelling for each label; those with several labels in one cell have none."""
    several = with_several(entry.label for entry in entries if entry.label)
    respelt = spellings(entry.label for entry in entries if entry.label not in several)
    plain = [
        replace(entry, label="", problems=("label-several",))
        if entry.label in several
        else replace(entry, label=respelt.get(entry.label, entry.label))
        for entry in entries
    ]
    return plain, notes_of(respelt)


def notes_of(respelt: Mapping[str, str]) -> tuple[Message, ...]:
    """What is said of labels that are taken for another spelling, one sentence a class."""
    by_class: dict[str, list[str]] = defaultdict(list)
    for label, name in respelt.items():
        by_class[name].append(repr(label))
    return tuple(
        Message("balance.label-spelt", {"label": name, "spellings": ", ".join(sorted(labels))})
        for name, labels in sorted(by_class.items())
    )


# --- films for training alone ----------------------------------------------------------------------------------------

COLUMN = "train_only"
Columns = Mapping[str, str]  # what is said of a film, by our names of columns


def is_train_only(columns: Columns, split: Mapping[str, Any], conventions: Conventions = COMMON) -> bool:
    """Whether a film stays out of validation and test; `split`: that section of the recipe, as a table.

    The word of the column `train_only` comes first. Where it says nothing, and the recipe asks for it,
    `Conventions.train_only` names the columns and cells that mean it.

    >>> asked = {"train_only": "recompressed"}
    >>> [is_train_only({"quality": "Second generation", COLUMN: cell}, asked) for cell in ("", "no")]
    [True, False]
    """
    if columns.get(COLUMN) == "yes" or columns.get("quality") in split.get("train_only_quality", ()):
        return True
    return split.get("train_only") == "recompressed" and bool(_by_convention(columns, conventions))


def asked(split: Mapping[str, Any], conventions: Conventions = COMMON) -> dict[str, Any]:
    """The section `split` of a recipe or index of any age, as one of today says it.

    Recipes named values of the column `quality` before tables had a column train_only.
    """
    named = split.get("train_only_quality", ())
    others = [quality for quality in named if not _by_convention({"quality": quality}, conventions)]
    is_recompressed = split.get("train_only") == "recompressed" or len(others) < len(named)
    return {**split, "train_only": "recompressed" if is_recompressed else "marked", "train_only_quality": others}


def notes_of_recompressed(films: Iterable[Columns], conventions: Conventions = COMMON) -> tuple[Message, ...]:
    """What is said of films that a convention keeps out of validation and test, one sentence a column and cell."""
    counts = Counter((column, film[column]) for film in films if (column := _by_convention(film, conventions)))
    return tuple(
        Message("balance.train-only", {"films": count, "column": column, "value": repr(cell)})
        for (column, cell), count in sorted(counts.items())
    )


def _by_convention(columns: Columns, conventions: Conventions) -> str:
    """The column whose cell means it by convention; "" if none does, or if the column train_only decides."""
    if columns.get(COLUMN):
        return ""
    return next(
        (
            column
            for column, cells in conventions.train_only.items()
            if name_key(columns.get(column, "")) in map(name_key, cells)
        ),
        "",
    )
