"""A set's own split: the column `split` of a table, or what folders say, in the words that people write for the parts.

It is taken as it is: a film without a part stays out, and a patient in two parts is refused. Where it has no film for
validation, a share of its training part is drawn; its test part is never touched.
"""

import unicodedata
from collections.abc import Sequence

from plainfilm.config import SplitRecipe
from plainfilm.data.splits.patients import is_nobody
from plainfilm.data.splits.split import SPLITS, check_given, check_whole, divided
from plainfilm.errors import SplitError

METHOD = "column split"  # as index.json names it
WORDS = {
    "train": ("train", "training", "trn", "训练", "训练集"),
    "validation": ("validation", "valid", "val", "validate", "dev", "development", "验证", "验证集"),
    "test": ("test", "testing", "tst", "测试", "测试集"),
    "predict": ("predict",),
}
PART_OF = {word: part for part, words in WORDS.items() for word in words}


def part_named(cell: str) -> str | None:
    """The part that a cell names, in any case; "" where it names none, None where the word is not known.

    >>> [part_named(cell) for cell in (" Val ", "TRAIN", "dev", "", "n/a", "fold 3")]
    ['validation', 'train', 'validation', '', '', None]
    """
    word = unicodedata.normalize("NFKC", cell).strip().casefold()
    return "" if not word or is_nobody(cell) else PART_OF.get(word)


def given_parts(cells: Sequence[str]) -> list[str]:
    """The part of each film, "" where a cell is empty. Raises SplitError where one names no part, or all are empty."""
    parts = []
    for cell in cells:
        part = part_named(cell)
        if part is None:
            raise SplitError("split-value-unknown", given=repr(cell), expected=", ".join(SPLITS))
        parts.append(part)
    if not any(parts):
        raise SplitError("split-column-empty", films=len(parts))
    return parts


def drawn_by(method: str) -> str:
    """The name of a set's own split whose validation part was drawn by `method`."""
    return f"{METHOD}, validation by {method}"


def as_given(
    labels: Sequence[str],
    sources: Sequence[str],
    groups: Sequence[str],
    cells: Sequence[str],
    *,
    paths: Sequence[str],
    train_only: Sequence[bool],
    choice: SplitRecipe,
) -> tuple[list[str], str]:
    """The parts that the cells name, and how the split was made. Raises SplitError where that is no split."""
    parts, method = given_parts(cells), METHOD
    check_whole(groups, parts, paths)
    if choice.validation > 0 and "validation" not in parts:
        films = [film for film, part in enumerate(parts) if part == "train"]
        drawn, how = divided(
            *([of[film] for film in films] for of in (labels, sources, groups)),
            shares={"validation": choice.validation},
            train_only=[train_only[film] for film in films],
            seed=choice.seed,
        )
        for film, part in zip(films, drawn, strict=True):
            parts[film] = part
        method = drawn_by(how)
    is_validated = choice.validation > 0 or "validation" in parts
    check_given(labels, parts, ["train", *(["validation"] if is_validated else []), "test"])
    return parts, method
