"""Iterative stratification with whole groups, for sets that simple shares do not fit: many small sources, large groups.

After Sechidis, Tsoumakas and Vlahavas, "On the Stratification of Multi-Label Data", ECML PKDD 2011: the label with the
fewest films left goes first, and each of its groups joins the part that wants most films of that label. The labels of
a group are the classes and the sources of its films. Two steps frame it, as the paper knows neither whole groups nor
that a class must not miss: before, every part gets a group of every class, wherever such a choice is found; after,
groups move one at a time for as long as that brings the shares closer.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

Kind = frozenset[str]  # the classes that a group has
Label = tuple[str, str]  # a kind ("class", "source" or "all") and a name
WEIGHTS = {"all": 10.0, "class": 10.0, "source": 1.0}  # of a missed share; a class counts more than where it is from
MAX_TRIES = 20_000  # steps of the search for a group of every class in every part
MAX_ROUNDS = 10  # times that every group may move
LEAST_GAIN = 1e-9  # less is rounding


@dataclass
class _Filling:
    """What each part wants and has of each label, while groups join and leave parts."""

    groups: Mapping[str, Counter[Label]]
    shares: Mapping[str, float]
    totals: Counter[Label]
    part_of: dict[str, str] = field(default_factory=dict)
    held: Counter[tuple[str, Label]] = field(default_factory=Counter)

    def wanted(self, part: str, label: Label) -> float:
        """The films of a label that a part still wants; negative where it has too many."""
        return self.shares[part] * self.totals[label] - self.held[part, label]

    def join(self, group: str, part: str) -> None:
        """A group leaves its part, if it is in one, and joins `part`."""
        before = self.part_of.get(group)
        for label, count in self.groups[group].items():
            if before is not None:
                self.held[before, label] -= count
            self.held[part, label] += count
        self.part_of[group] = part

    def gain(self, group: str, part: str) -> float:
        """By how much the missed shares, squared and relative, shrink where a group moves to `part`."""
        before, gain = self.part_of[group], 0.0
        if part == before:
            return 0.0
        for label, count in self.groups[group].items():
            weight = WEIGHTS[label[0]] * count / self.totals[label]
            # (wanted^2 - (wanted + count)^2) / share, in the part that is left, and the reverse in the other
            gain -= weight * (2 * self.wanted(before, label) + count) / self.shares[before]
            gain += weight * (2 * self.wanted(part, label) - count) / self.shares[part]
        return gain

    def is_needed(self, group: str) -> bool:
        """Whether a class would miss in a part without this group."""
        part = self.part_of[group]
        return any(
            label[0] == "class" and self.held[part, label] == count for label, count in self.groups[group].items()
        )


def stratified(
    counted: Sequence[Sequence[str]],
    sources: Sequence[str],
    groups: Sequence[str],
    *,
    shares: Mapping[str, float],
    order: Sequence[str],
    fixed: Mapping[str, str],
) -> list[str]:
    """The part of each film: groups whole, shares of classes and sources kept as well as groups allow.

    Counted: the classes that each film counts as, one or more. Sources, groups: of each film, (N,). `shares`: of every
    part, each above 0; they sum to 1. `order`: all groups in the order in which equal ones are taken. `fixed`: the part
    of groups that may be in no other.
    """
    labels: dict[str, Counter[Label]] = {group: Counter() for group in order}
    totals: Counter[Label] = Counter()
    for group, names, source in zip(groups, counted, sources, strict=True):
        of_film = [("all", ""), *(("class", name) for name in names), ("source", source)]
        labels[group].update(of_film)
        totals.update(of_film)
    filling = _Filling(labels, shares, totals)
    for group, part in fixed.items():
        filling.join(group, part)
    for group, part in _seats(filling, order):
        filling.join(group, part)
    _fill(filling, order)
    _mend(filling, [group for group in order if group not in fixed])
    return [filling.part_of[group] for group in groups]


def _seats(filling: _Filling, order: Sequence[str]) -> list[tuple[str, str]]:
    """A group of every class for every part, the smallest ones that do; none where no such choice was found.

    Groups of the same classes stand for each other, so the search is short unless most groups hold several classes.
    """
    kinds: dict[Kind, list[str]] = defaultdict(list)  # the smallest group last
    for group in sorted(order, key=lambda name: -filling.groups[name]["all", ""]):
        if group not in filling.part_of:
            kinds[frozenset(name for kind, name in filling.groups[group] if kind == "class")].append(group)
    having = Counter(name for kind, members in kinds.items() for name in kind for _ in members)
    needs = [
        (part, name)
        for name in sorted(having, key=lambda name: (having[name], name))
        for part in sorted(filling.shares, key=lambda part: filling.shares[part])
        if not filling.held[part, ("class", name)]
    ]
    chosen = _choose(
        needs, {kind: len(kinds[kind]) for kind in sorted(kinds, key=lambda kind: (len(kind), *sorted(kind)))}
    )
    return [(kinds[kind].pop(), part) for part, kind in chosen]


def _choose(needs: Sequence[tuple[str, str]], left: dict[Kind, int]) -> list[tuple[str, Kind]]:
    """Kinds of groups for parts, so that every need, (part, class), is met; [] where none was found in MAX_TRIES steps.

    A depth-first search that takes back what led nowhere. `left`: how many groups of each kind there are, the kinds to
    be preferred first; changed.

    >>> found = _choose([("test", "A"), ("train", "A"), ("train", "B")], {frozenset("A"): 1, frozenset("AB"): 1})
    >>> [(part, sorted(kind)) for part, kind in found]
    [('test', ['A']), ('train', ['A', 'B'])]
    """
    kinds_of: dict[str, list[Kind]] = defaultdict(list)
    for kind in left:
        for name in kind:
            kinds_of[name].append(kind)
    met: Counter[tuple[str, str]] = Counter()
    path: list[tuple[int, Iterator[Kind]]] = []  # numbers of needs, and what may still be tried for each
    taken: list[tuple[str, Kind]] = []
    number = 0
    for _ in range(MAX_TRIES):
        while number < len(needs) and met[needs[number]]:
            number += 1
        if number == len(needs):
            return taken
        path.append((number, iter(kinds_of[needs[number][1]])))
        while path:
            number, rest = path[-1]
            part = needs[number][0]
            found = next((kind for kind in rest if left[kind]), None)
            if found is not None:
                left[found] -= 1
                met.update((part, name) for name in found)
                taken.append((part, found))
                break
            path.pop()
            if not path:
                return []
            part, useless = taken.pop()
            left[useless] += 1
            met.subtract((part, name) for name in useless)
    return []


def _fill(filling: _Filling, order: Sequence[str]) -> None:
    """Every group that is in no part joins one: the rarest label first, the part that wants most of it."""
    waiting: dict[Label, list[str]] = defaultdict(list)
    films: Counter[Label] = Counter()
    for group in sorted(order, key=lambda name: -filling.groups[name]["all", ""]):
        if group not in filling.part_of:
            for label, count in filling.groups[group].items():
                if label[0] != "all":
                    waiting[label].append(group)
                    films[label] += count
    heap = [(count, label) for label, count in films.items()]
    heapq.heapify(heap)
    while heap:
        count, label = heapq.heappop(heap)
        if count != films[label]:  # some of its groups have gone since, with another label; it is there again
            continue
        for group in waiting.pop(label, ()):
            if group in filling.part_of:
                continue
            part = max(
                filling.shares, key=lambda part: (filling.wanted(part, label), filling.wanted(part, ("all", "")))
            )
            filling.join(group, part)
            for other, number in filling.groups[group].items():
                if other[0] != "all" and other != label:
                    films[other] -= number
                    heapq.heappush(heap, (films[other], other))


def _mend(filling: _Filling, movable: Sequence[str]) -> None:
    """Groups move to other parts for as long as that brings the shares closer and no part loses a class."""
    for _ in range(MAX_ROUNDS):
        moved = False
        for group in movable:
            part = max(filling.shares, key=lambda part: filling.gain(group, part))
            if filling.gain(group, part) > LEAST_GAIN and not filling.is_needed(group):
                filling.join(group, part)
                moved = True
        if not moved:
            return
