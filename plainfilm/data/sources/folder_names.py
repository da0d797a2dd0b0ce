"""What the folders above a file say: that it is hidden or a mask, its class, its part of the set's own split."""

import re
from collections.abc import Sequence

from plainfilm.data.sources.conventions import COMMON, Conventions
from plainfilm.data.sources.names import name_key


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


def class_and_split(
    folders: Sequence[str], above: Sequence[str] = (), conventions: Conventions = COMMON
) -> tuple[str, str]:
    """The class and the part of a split that folders name, "" for what they do not.

    Args:
        folders: those inside the source, from the outermost.
        above: those of the source itself; asked for a class only if no folder inside could be one.
        conventions: which folders name a split, stand between a class and its films, or belong to one patient.

    >>> class_and_split(("train", "COVID", "images"))
    ('COVID', 'train')
    >>> class_and_split(("val",), ("data", "NORMAL"))
    ('NORMAL', 'validation')
    """
    found = [conventions.split_of.get(name_key(folder), "") for folder in folders]
    split = next((part for part in reversed(found) if part), "")
    for folder in (*reversed(folders), *reversed(above)):
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
