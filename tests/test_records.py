"""Records: what is written is read, whatever a file of another version has besides."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from plainfilm import records
from plainfilm.records import Mismatch, as_dict, from_dict


@dataclass(frozen=True)
class Part:
    share: float
    note: str | None = field(default=None, metadata=records.ABSENT)


@dataclass(frozen=True, kw_only=True)
class Whole:
    numbers: Mapping[str, float] = records.inlined(lambda entry: isinstance(entry, float))
    parts: tuple[Part, ...]
    best: Part | None
    flag: bool


WHOLE = Whole(numbers={"a": 0.5}, parts=(Part(0.25), Part(math.nan, "n")), best=None, flag=True)
JSON = {"a": 0.5, "parts": [{"share": 0.25}, {"share": None, "note": "n"}], "best": None, "flag": True}


def test_a_record_as_json_and_back():
    assert as_dict(WHOLE) == JSON
    again = from_dict(Whole, json.loads(json.dumps(JSON)))
    assert again.parts[0] == WHOLE.parts[0]
    assert math.isnan(again.parts[1].share)
    assert (again.numbers, again.best, again.flag) == (WHOLE.numbers, None, True)


def test_unknown_keys_are_passed_over_and_missing_ones_are_none():
    later = JSON | {"later": [1], "parts": [{"share": 1, "later": {}}]}
    del later["best"]
    assert from_dict(Whole, later) == Whole(numbers={"a": 0.5}, parts=(Part(1),), best=None, flag=True)


@pytest.mark.parametrize(
    "change",
    [
        {"flag": 1},
        {"flag": None},
        {"parts": "abc"},
        {"parts": [3]},
        {"parts": [{"share": "1"}]},
        {"best": {"share": True}},
    ],
)
def test_values_of_another_kind_are_refused(change):
    with pytest.raises(Mismatch):
        from_dict(Whole, JSON | change)


@pytest.mark.parametrize("entry", [{"share": 1.0, "later": 1}, {}, {"note": "n"}, [], None])
def test_exactly_means_exactly(entry):
    assert from_dict(Part, {"share": 1.0}, exact=True) == Part(1.0)
    with pytest.raises(Mismatch):
        from_dict(Part, entry, exact=True)
