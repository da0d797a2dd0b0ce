"""Which splits are refused: too few groups, a class that misses in a part, a patient in two parts; and the way out."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from plainfilm.config import SplitRecipe
from plainfilm.data.splits.split import straddling
from plainfilm.errors import SplitError

MIN_GROUPS_A_CLASS = 3  # one for each part


def check_classes(labels: Sequence[str], groups: Sequence[str], classes: Sequence[str]) -> None:
    """Raise SplitError unless there are two classes, each with a group for every part."""
    groups_of: dict[str, Counter[str]] = {label: Counter() for label in classes}
    for label, group in zip(labels, groups, strict=True):
        groups_of[label][group] += 1
    if len(groups_of) < 2:
        raise SplitError("split-one-class", given=", ".join(groups_of) or "-")
    for label, films in sorted(groups_of.items()):
        if len(films) < MIN_GROUPS_A_CLASS:
            raise SplitError(
                "split-class-too-small",
                label=label,
                groups=len(films),
                minimum=MIN_GROUPS_A_CLASS,
                films=films.total(),
                largest=max(films.values(), default=0),
            )


def check_whole(groups: Sequence[str], split: Sequence[str], paths: Sequence[str]) -> None:
    """Raise SplitError where a group has films in more than one part; "" is none."""
    placed = [film for film, part in enumerate(split) if part]
    torn = straddling([groups[film] for film in placed], [split[film] for film in placed])
    if not torn:
        return
    first, *others = (film for film in placed if groups[film] == torn[0])
    other = next(film for film in others if split[film] != split[first])
    example = f"{paths[first]} ({split[first]}), {paths[other]} ({split[other]})"
    names = set(torn)
    films = sum(groups[film] in names for film in placed)
    raise SplitError("split-leaks", count=len(torn), films=films, example=example)


def check_given(labels: Sequence[str], split: Sequence[str], wanted: Sequence[str]) -> None:
    """Raise SplitError where a set's own split has no film in a part of `wanted`, or none of a class."""
    counts = Counter(part for part in split if part)
    for part in wanted:
        if not counts[part]:
            shown = ", ".join(f"{name} {count}" for name, count in sorted(counts.items())) or "-"
            raise SplitError("split-given-part-empty", part=part, counts=shown)
    missing = _missing(labels, split, wanted)
    if missing is not None:
        raise SplitError("split-given-class-missing", label=missing[0], part=missing[1])


def check_reached(
    labels: Sequence[str],
    groups: Sequence[str],
    train_only: Sequence[bool],
    split: Sequence[str],
    choice: SplitRecipe,
) -> None:
    """Raise SplitError where a class has no film in a part that the recipe asks for."""
    is_folds = choice.kind == "folds"
    wanted = [part for part in ("validation", "test") if is_folds or getattr(choice, part) > 0]
    missing = _missing(labels, split, ["train", *wanted])
    if missing is None:
        return
    label, part = missing
    barred = {group for group, flag in zip(groups, train_only, strict=True) if flag}
    of_class = {group for group, name in zip(groups, labels, strict=True) if name == label}
    free = len(of_class - barred)
    if is_folds:
        raise SplitError("split-fold-empty", label=label, groups=free, folds=choice.folds)
    raise SplitError("split-part-empty", label=label, part=part, groups=len(of_class), free=free)


def _missing(labels: Sequence[str], split: Sequence[str], wanted: Sequence[str]) -> tuple[str, str] | None:
    """The first class, sorted, that has no film in one of the parts `wanted`, and that part."""
    present: dict[str, set[str]] = defaultdict(set)
    for label, part in zip(labels, split, strict=True):
        present[label].add(part)
    return next(((label, part) for label in sorted(present) for part in wanted if part not in present[label]), None)
