"""Subgroups: parts by column, too few is said, unknown is a part, no column no table."""

import numpy as np
import pytest

from plainfilm.data.film_index import Row
from plainfilm.evaluation.subgroups import MIN_FILMS, subgroups
from plainfilm.records import plain


def subgroups_json(*given):
    return plain(subgroups(*given))


def rows_of(count: int, **columns) -> list[Row]:
    source = columns.pop("source", [""] * count)
    return [
        Row(
            image_id=str(i),
            group=f"g{i}",
            source=source[i],
            extra={name: values[i] for name, values in columns.items() if values[i]},
        )
        for i in range(count)
    ]


def test_parts_partition_the_films_and_small_ones_have_no_figure():
    ages = ["7"] * 29 + ["45"] * 30 + ["45Y"] * 5 + [""] * 40
    labels = np.arange(104) % 2
    probabilities = np.where(np.arange(104)[:, None] % 3 == 0, [0.8, 0.2], [0.2, 0.8])
    found = subgroups_json(rows_of(104, age=ages, sex=["m", "F"] * 52), probabilities, labels, ("a", "b"))
    assert list(found) == ["sex", "age"]
    assert list(found["age"]) == ["0-17", "40-59", ""]
    assert found["age"]["0-17"] == {"n": MIN_FILMS - 1, "too_few": True}
    assert {name: part["n"] for name, part in found["age"].items()} == {"0-17": 29, "40-59": 35, "": 40}
    assert set(found["sex"]) == {"F", "M"}
    right = probabilities.argmax(1) == labels
    part = found["sex"]["M"]
    assert part["accuracy"]["value"] == pytest.approx(right[::2].mean())
    assert part["accuracy"]["n"] == part["classes"]["a"]["sensitivity"]["n"] == 52
    assert part["classes"]["b"]["sensitivity"] == {"value": None, "low": None, "high": None, "n": 0}


def test_without_the_columns_there_is_nothing():
    assert subgroups_json(rows_of(40), np.full((40, 2), 0.5), np.zeros(40, int), ("a", "b")) == {}


def test_sources_are_parts():
    found = subgroups_json(
        rows_of(80, source=["x"] * 40 + ["y"] * 40), np.full((80, 2), 0.5), np.arange(80) // 40, ("a", "b")
    )
    assert {name: part["accuracy"]["value"] for name, part in found["source"].items()} == {"x": 1, "y": 0}
