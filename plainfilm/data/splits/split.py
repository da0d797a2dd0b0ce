"""Splits: patients, not images, are split.

A split gives each film one of SPLITS. Films of a group (one patient, near-duplicates) stay together; strata (class and
source) keep their shares: groups are taken at random, and where that leaves a class out of a part or misses a share, by
iterative stratification. The tutorial's split is the one exception: it looks at file order alone, and is marked as
leaking. What is refused: too few groups, a class that misses in a part, a patient in two parts.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from plainfilm.config import SplitRecipe
from plainfilm.data.splits.stratify import stratified
from plainfilm.errors import SplitError
from plainfilm.randomness import generator

SPLITS = ("train", "validation", "test", "predict")
SHUFFLED, ITERATIVE = "shuffled groups", "iterative stratification"  # the methods, as index.json names them
TOLERANCE = 0.2  # of a share, by which a part may miss it


def divided(
    classes: Sequence[str],
    sources: Sequence[str],
    groups: Sequence[str],
    *,
    shares: Mapping[str, float],
    train_only: Sequence[bool],
    seed: int,
) -> tuple[list[str], str]:
    """A split as of `grouped`, or by iterative stratification where that comes closer to what is asked; its method.

    Stratification is tried where a class has no film in a part, or a part misses its share by more than TOLERANCE.
    """
    asked = _with_training(shares)
    strata = strata_of(classes, sources)
    parts = grouped(strata, groups, shares=shares, train_only=train_only, seed=seed)
    faults = shortfall(classes, parts, asked)
    if faults == (0, 0) or asked["train"] <= 0:
        return parts, SHUFFLED
    again, method = even(_alone(classes), sources, groups, shares=shares, train_only=train_only, seed=seed)
    return (again, method) if shortfall(classes, again, asked) < faults else (parts, SHUFFLED)


def even(
    counted: Sequence[Sequence[str]],
    sources: Sequence[str],
    groups: Sequence[str],
    *,
    shares: Mapping[str, float],
    train_only: Sequence[bool],
    seed: int,
) -> tuple[list[str], str]:
    """A split of films that each count as several things: iterative stratification over all sources at once."""
    asked = _with_training(shares)
    fixed = {group: "train" for group, barred in zip(groups, train_only, strict=True) if barred}
    order = _shuffled(_members(groups), seed)
    return stratified(counted, sources, groups, shares=asked, order=order, fixed=fixed), ITERATIVE


def even_folds(
    counted: Sequence[Sequence[str]],
    sources: Sequence[str],
    groups: Sequence[str],
    *,
    count: int,
    train_only: Sequence[bool],
    seed: int,
) -> tuple[list[int | None], str]:
    """Folds of films that each count as several things; None for groups that are for training alone."""
    barred = {group for group, flag in zip(groups, train_only, strict=True) if flag}
    films = [film for film, group in enumerate(groups) if group not in barred]
    kept_counted = [counted[film] for film in films]
    kept_sources, kept = ([of[film] for film in films] for of in (sources, groups))
    shares = {str(fold): 1 / count for fold in range(count)}
    order = _shuffled(_members(kept), seed)
    parts = stratified(kept_counted, kept_sources, kept, shares=shares, order=order, fixed={})
    fold_of: list[int | None] = [None] * len(groups)
    for film, part in zip(films, parts, strict=True):
        fold_of[film] = int(part)
    return fold_of, ITERATIVE


def _with_training(shares: Mapping[str, float]) -> dict[str, float]:
    """The shares of the parts that are asked for, and the rest for training."""
    asked = {part: share for part, share in shares.items() if share > 0}
    return asked | {"train": 1 - sum(asked.values())}


def _alone(classes: Sequence[str]) -> list[tuple[str]]:
    """Each film's class as all that it counts as."""
    return [(name,) for name in classes]


def strata_of(classes: Sequence[str], sources: Sequence[str]) -> list[str]:
    """What a split keeps even: the class and the source of each film."""
    return [f"{name}\x1f{source}" for name, source in zip(classes, sources, strict=True)]


def shortfall(classes: Sequence[str], parts: Sequence[str], asked: Mapping[str, float]) -> tuple[int, float]:
    """How far a split is from the shares asked: (0, 0) where it keeps to them.

    The first number counts the classes that miss in a part; the second is the largest share of its share by which a
    part misses it beyond TOLERANCE. Half a film of each class is never a miss, as films are whole.

    >>> shortfall(["A"] * 100, ["test"] * 15 + ["train"] * 85, {"test": 0.1, "train": 0.9})
    (0, 0.3)
    """
    present, names = set(zip(classes, parts, strict=True)), set(classes)
    missing = sum((name, part) not in present for name in names for part in asked)
    filled, excess = Counter(parts), 0.0
    for part, share in asked.items():
        films = share * len(parts)
        miss = abs(filled[part] - films) - max(TOLERANCE * films, len(names) / 2)
        excess = max(excess, round(miss / films, 6) if films else 0.0)
    return missing, excess


def grouped(
    strata: Sequence[str], groups: Sequence[str], *, shares: Mapping[str, float], train_only: Sequence[bool], seed: int
) -> list[str]:
    """A split that keeps groups whole and gives each stratum its shares; the rest is for training.

    Groups are taken in a random order; a group joins a part while no stratum of it would exceed its share there. A
    group with a film marked in `train_only` goes to training whole. Strata, groups, `train_only`: of each film, (N,);
    `shares`: of each part beside training, for instance {"test": 0.1, "validation": 0.1}; `seed`: of the order.
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


def divided_folds(
    classes: Sequence[str],
    sources: Sequence[str],
    groups: Sequence[str],
    *,
    count: int,
    train_only: Sequence[bool],
    seed: int,
) -> tuple[list[int | None], str]:
    """Folds as of `folds`, or by iterative stratification where a fold has no film of a class; and their method."""
    fold_of = folds(strata_of(classes, sources), groups, count=count, train_only=train_only, seed=seed)
    films = [film for film, fold in enumerate(fold_of) if fold is not None]
    names = [classes[film] for film in films]
    asked = {str(fold): 1 / count for fold in range(count)}
    missing, _ = shortfall(names, [str(fold_of[film]) for film in films], asked)
    if not missing:
        return fold_of, SHUFFLED
    again, method = even_folds(_alone(classes), sources, groups, count=count, train_only=train_only, seed=seed)
    still, _ = shortfall(names, [str(again[film]) for film in films], asked)
    return (again, method) if still < missing else (fold_of, SHUFFLED)


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


def _members(groups: Sequence[str]) -> dict[str, list[int]]:
    members: dict[str, list[int]] = defaultdict(list)
    for film, group in enumerate(groups):
        members[group].append(film)
    return members


def _shuffled(members: Mapping[str, list[int]], seed: int) -> list[str]:
    names = sorted(members)
    return [names[place] for place in generator(seed, "split").permutation(len(names))]


# --- refusals --------------------------------------------------------------------------------------------------------

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
    labels: Sequence[str], groups: Sequence[str], train_only: Sequence[bool], split: Sequence[str], choice: SplitRecipe
) -> None:
    """Raise SplitError where a class has no film in a part that the recipe asks for; "" is the class of any film."""
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
