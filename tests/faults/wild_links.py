"""Data sets put together by links: a class folder, films, the root; inside and outside of what is given."""

from dataclasses import replace
from pathlib import PurePosixPath

from faults.wild_truth import Draft, File

STORE = "store"  # a folder beside the data set
DOUBLE = frozenset({"double", "link", ""})  # how a link may be counted that leads to what is listed already


def class_linked_inside(draft: Draft) -> None:
    """`set/CLASS` links to `raw/CLASS`, which lies in the data set, too: each film is there once."""
    for label in {film.label for film in draft.films}:
        draft.change(0, f"set/{label}", File(link=f"../raw/{label}", reasons=DOUBLE))


def class_linked_outside(draft: Draft, *, is_followed: bool = False) -> None:
    """A class folder is a link to a folder beside the data set: one link where it is not followed, else its films."""
    files = draft.sources[0].files
    label = draft.films[0].label
    behind = {path: file for path, file in files.items() if PurePosixPath(path).parts[0] == label}
    for path, file in behind.items():
        draft.outside[f"{STORE}/{path}"] = file.content
        del files[path]
    link = File(link=f"../{STORE}/{label}", reasons=frozenset({"link"}), films_behind=len(behind))
    if is_followed:
        link = replace(link, reasons=DOUBLE, films_behind=0)
        files |= {path: replace(file, is_behind=True) for path, file in behind.items()}
        draft.options.append("--follow-links")
    elif len({film.label for film in draft.films}) == 2:
        draft.may_refuse = "one class is left"
    files[label] = link


def films_linked(draft: Draft) -> None:
    """Each film is a link to a blob beside the data set, as in caches of data sets; they are to be followed."""
    for number, (path, file) in enumerate(list(draft.sources[0].files.items())):
        blob = f"blobs/{number:08x}"
        draft.outside[blob] = file.content
        up = "../" * len(PurePosixPath(path).parts)
        draft.change(0, path, replace(file, link=f"{up}{blob}"))
    draft.options.append("--follow-links")


def root_linked(draft: Draft) -> None:
    """The data set is given by a link to it."""
    draft.sources[0].link = "linked"
