"""Iterative stratification: groups whole, every class everywhere where that can be, no single move comes closer."""

import itertools
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plainfilm.data.splits import split
from plainfilm.data.splits.stratify import stratified

SHARES = {"test": 0.2, "validation": 0.2, "train": 0.6}
SMALL = st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("xy"), st.integers(0, 5)), min_size=1, max_size=24)
LARGER = st.lists(
    st.tuples(st.sampled_from("ABC"), st.sampled_from("wxyz"), st.integers(0, 25)), min_size=1, max_size=90
)


def stratify(films, shares=SHARES, fixed=None):
    classes, sources, numbers = zip(*films, strict=True)
    groups = [f"g{number:03d}" for number in numbers]
    parts = stratified(classes, sources, groups, shares=shares, order=sorted(set(groups)), fixed=fixed or {})
    return list(classes), list(sources), groups, parts


def missing(classes, parts, shares=SHARES) -> int:
    return split.shortfall(classes, parts, shares)[0]


@given(LARGER)
@settings(deadline=None)
def test_groups_stay_whole_and_fixed_ones_where_they_are(films):
    _, _, groups, parts = stratify(films, fixed={f"g{films[0][2]:03d}": "train"})
    assert split.straddling(groups, parts) == []
    assert all(part == "train" for group, part in zip(groups, parts, strict=True) if group == f"g{films[0][2]:03d}")


@given(SMALL)
@settings(deadline=None, max_examples=60)
def test_a_class_misses_nowhere_if_any_choice_of_whole_groups_avoids_it(films):
    classes, _, groups, parts = stratify(films)
    names = sorted(set(groups))
    choices = (dict(zip(names, choice, strict=True)) for choice in itertools.product(SHARES, repeat=len(names)))
    if any(missing(classes, [part_of[group] for group in groups]) == 0 for part_of in choices):
        assert missing(classes, parts) == 0


@given(LARGER)
@settings(deadline=None)
def test_no_single_move_of_a_group_brings_all_shares_closer(films):
    """A local optimum: whichever group moves, some share of the set, a class or a source is farther from what is asked."""
    classes, sources, groups, parts = stratify(films)

    def distances(of):
        found = []
        for names in (classes, sources, [""] * len(films)):
            counts, totals = Counter(zip(names, of, strict=True)), Counter(names)
            found += [abs(counts[name, part] - SHARES[part] * totals[name]) for name in totals for part in SHARES]
        return found

    before = distances(parts)
    for group in set(groups):
        for part in SHARES:
            moved = [part if name == group else old for name, old in zip(groups, parts, strict=True)]
            if moved != parts and missing(classes, moved) <= missing(classes, parts):
                assert any(after > old + 1e-9 for after, old in zip(distances(moved), before, strict=True))


def test_single_films_of_one_source_reach_their_shares():
    """Without groups and with one label the definition leaves no choice: every part gets what it wants."""
    parts = stratify([("A", "x", number) for number in range(100)])[3]
    assert Counter(parts) == {"train": 60, "validation": 20, "test": 20}


@pytest.mark.parametrize("size", [2, 3, 4, 5, 7])
def test_many_small_sources_reach_the_shares_of_the_whole(size):
    shares = {"test": 0.1, "validation": 0.1, "train": 0.8}
    films = [("AB"[n % 2], f"hospital{n // 2 // size}", n) for n in range(500)]
    classes, sources, _, parts = stratify(films, shares)
    for label in "AB":
        counts = Counter(part for name, part in zip(classes, parts, strict=True) if name == label)
        assert abs(counts["test"] - 25) <= 2
        assert abs(counts["validation"] - 25) <= 2
    of_source = Counter(source for source, part in zip(sources, parts, strict=True) if part == "test")
    assert max(of_source.values()) <= 3  # spread over the sources, and not taken from a few


def test_a_class_in_large_groups_alone_is_in_every_part():
    films = [("A", "x", n // 5) for n in range(40)] + [("B", "x", 100 + n // 20) for n in range(60)]
    classes, _, _, parts = stratify(films)
    assert missing(classes, parts) == 0


def test_a_set_of_many_sources_is_soon_done():
    """Ten thousand sources: a search over all of them for every group would take hours."""
    films = [("AB"[n % 2], f"s{n // 2}", n) for n in range(20_000)]
    assert Counter(stratify(films)[3])["test"] == pytest.approx(4000, abs=400)
