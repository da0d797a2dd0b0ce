"""Splits: patients, not images, are split.

A split gives each film one of SPLITS. Films of a group (one patient, near-duplicates) stay together; strata (class and
source) keep their shares. The tutorial's split is the one exception: it looks at file order alone, and is marked as
leaking.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from plainfilm.errors import SplitError
from plainfilm.randomness import generator

SPLITS = ("train", "validation", "test", "predict")
MIN_GROUPS_A_CLASS = 3  # one for each part


def grouped(
    strata: Sequence[str],
    groups: Sequence[str],
    *,
    shares: Mapping[str, float],
    train_only: Sequence[bool],
    seed: int,
) -> list[str]:
    """A split that keeps groups whole and gives each stratum its shares; the rest is for training.

    Groups are taken in a random order; a group joins a part while no stratum of it would exceed its share there. A
    group with a film marked in `train_only` goes to training whole.

    Args:
        strata: the stratum of each film, (N,).
        groups: the group of each film, (N,).
        shares: of each part beside training, for instance {"test": 0.1, "validation": 0.1}.
        train_only: whether a film may serve for training alone, (N,).
        seed: of the order in which groups are taken.
    """
    members = _members(groups)
    order = _shuffled(members, seed)
    kept_back = {group for group, barred in zip(groups, train_only, strict=True) if barred}
    part_of: dict[str, str] = dict.fromkeys(kept_back, "train")
    totals = Counter(strata)
    for part, share in shares.items():
        room = Counter({stratum: round(share * count) for stratum, count in totals.items()})
        for group in order:
            wanted = Counter(strata[film] for film in members[group])
            if group not in part_of and all(room[stratum] >= count for stratum, count in wanted.items()):
                part_of[group] = part
                room.subtract(wanted)
    return [part_of.get(group, "train") for group in groups]


def folds(
    strata: Sequence[str], groups: Sequence[str], *, count: int, train_only: Sequence[bool], seed: int
) -> list[int | None]:
    """The fold (0 to count - 1) of each film, groups whole, strata even; None for groups that are for training alone.

    Large groups come first; each joins the fold that holds the fewest films of its strata.
    """
    members = _members(groups)
    kept_back = {group for group, barred in zip(groups, train_only, strict=True) if barred}
    order = [group for group in _shuffled(members, seed) if group not in kept_back]
    filled: list[Counter[str]] = [Counter() for _ in range(count)]
    fold_of: dict[str, int] = {}
    for group in sorted(order, key=lambda name: -len(members[name])):
        wanted = Counter(strata[film] for film in members[group])
        loads = [sum(wanted[stratum] * fill[stratum] for stratum in wanted) for fill in filled]
        fold_of[group] = loads.index(min(loads))
        filled[fold_of[group]].update(wanted)
    return [fold_of.get(group) for group in groups]


def fold_split(fold_of: Sequence[int | None], *, fold: int, count: int) -> list[str]:
    """The split in which `fold` is the test and the next one is for validation.

    >>> fold_split([0, 1, 2, None], fold=2, count=3)
    ['validation', 'train', 'test', 'train']
    """
    names: dict[int | None, str] = {fold: "test", (fold + 1) % count: "validation"}
    return [names.get(number, "train") for number in fold_of]


def tutorial(paths: Sequence[str], labels: Sequence[str]) -> list[str]:
    """The tutorial's split: in the sorted files of a class every tenth is test, the last is for prediction; leaking.

    >>> tutorial(["b", "a", "c"], ["COVID"] * 3)
    ['train', 'test', 'predict']
    """
    split = ["train"] * len(paths)
    for label in set(labels):
        films = sorted((film for film, name in enumerate(labels) if name == label), key=lambda film: paths[film])
        for film in films[:-1:10]:
            split[film] = "test"
        split[films[-1]] = "predict"
    return split


def straddling(groups: Sequence[str], split: Sequence[str]) -> list[str]:
    """The groups that have films in more than one part, sorted."""
    parts = defaultdict(set)
    for group, part in zip(groups, split, strict=True):
        parts[group].add(part)
    return sorted(group for group, names in parts.items() if len(names) > 1)


def check_values(split: Sequence[str]) -> None:
    """Raise SplitError where a given split names a part that there is not."""
    for part in split:
        if part not in SPLITS:
            raise SplitError("split-value-unknown", given=repr(part), expected=", ".join(SPLITS))


def check_whole(groups: Sequence[str], split: Sequence[str]) -> None:
    """Raise SplitError where a group has films in more than one part."""
    torn = straddling(groups, split)
    if torn:
        raise SplitError("split-leaks", count=len(torn), example=torn[0])


def check_classes(labels: Sequence[str], groups: Sequence[str], classes: Sequence[str]) -> None:
    """Raise SplitError unless there are two classes, each with a group for every part."""
    groups_of: dict[str, set[str]] = {label: set() for label in classes}
    for label, group in zip(labels, groups, strict=True):
        groups_of[label].add(group)
    if len(groups_of) < 2:
        raise SplitError("split-one-class", given=", ".join(groups_of) or "-")
    for label, names in sorted(groups_of.items()):
        if len(names) < MIN_GROUPS_A_CLASS:
            raise SplitError("split-class-too-small", label=label, groups=len(names), minimum=MIN_GROUPS_A_CLASS)


def check_parts(labels: Sequence[str], split: Sequence[str], parts: Sequence[str]) -> None:
    """Raise SplitError where a class has no film in one of `parts`."""
    present = set(zip(labels, split, strict=True))
    for label in sorted(set(labels)):
        for part in parts:
            if (label, part) not in present:
                raise SplitError("split-part-empty", label=label, part=part)


def _members(groups: Sequence[str]) -> dict[str, list[int]]:
    members: dict[str, list[int]] = defaultdict(list)
    for film, group in enumerate(groups):
        members[group].append(film)
    return members


def _shuffled(members: Mapping[str, list[int]], seed: int) -> list[str]:
    names = sorted(members)
    return [names[place] for place in generator(seed, "split").permutation(len(names))]
