"""Sites: what cannot be estimated is said, and a site that was left out was not seen."""

import numpy as np
import pytest

from plainfilm.audits import sites
from plainfilm.audits.sites import leave_one_site_out, not_estimable, site_from_features

CLASSES = ("a", "b", "c")


def reasons(found):
    return {(entry.class_, entry.question): entry.reason for entry in found}


def test_the_tutorials_knot():
    labels = np.array([0, 0, 1, 2, 2])
    found = not_estimable(labels, ["kermany", "rsna", "kermany", "web", "hospital"], CLASSES)
    assert reasons(found) == {
        ("b", "source-left-out"): "one-source",
        ("c", "class-within-source"): "no-source-holds-both",
    }
    assert [entry.source for entry in found] == ["kermany", "hospital, web"]


def test_unknown_sites_answer_nothing():
    found = reasons(not_estimable(np.array([0, 1, 2]), ["", "", ""], CLASSES))
    assert len(found) == 6
    assert set(found.values()) == {"source-unknown"}
    assert not_estimable(np.array([0, 0, 1, 1]), ["x", "y", "x", "y"], CLASSES[:2]) == ()


def knot(seed: int = 0):
    """Class a from x and y, class b from x and z; a column tells the class where it comes from x or z, not in y."""
    random = np.random.default_rng(seed)
    site_of = np.repeat(["x", "y", "x", "z"], 60)
    labels = np.repeat([0, 0, 1, 1], 60)
    columns = random.normal(size=(240, 3))
    columns[:, 0] += np.select([site_of == "y", labels == 1], [6, 6], 0)  # films of y look like class b
    columns[:, 1] += 8 * (site_of == "y")
    return columns, labels, site_of.tolist(), [str(number) for number in range(240)]


def test_a_source_that_was_not_seen_may_look_like_another_class():
    columns, labels, site_of, groups = knot()
    found = leave_one_site_out(columns, labels, site_of, groups, CLASSES[:2], labels)
    by_row = {(row.class_, row.left_out): row for row in found}
    assert sorted(by_row) == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "z")]
    assert by_row["a", "y"].sensitivity.value < 0.2
    assert by_row["b", "z"].sensitivity.value > 0.9
    assert {row.usual.value for row in found} == {1.0}
    assert {row.sensitivity.n for row in found} == {60}


def test_groups_of_the_left_out_site_are_left_out_whole(monkeypatch):
    columns, labels, site_of, groups = knot()
    groups[0] = groups[60]  # a film of x belongs to a patient of y
    seen = []
    logistic = sites.logistic
    monkeypatch.setattr(sites, "logistic", lambda *data: seen.append(len(data[0])) or logistic(*data))
    leave_one_site_out(columns, labels, site_of, groups, CLASSES[:2], labels)
    assert seen == [240 - 120 - 1, 240 - 60 - 1, 240 - 60]


def test_a_class_that_vanishes_with_a_site_is_named():
    columns, labels, site_of, groups = knot()
    labels = labels.copy()
    labels[:20] = 2  # class c, from x alone
    rows = leave_one_site_out(columns, labels, site_of, groups, CLASSES, labels)
    assert {row.left_out: row.lost for row in rows} == {"x": ("c",), "y": (), "z": ()}
    assert "c" not in {row.class_ for row in rows}


def test_features_that_know_the_site_and_features_that_do_not():
    columns, labels, site_of, groups = knot()
    fold = np.arange(240) % 3
    parts = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in range(3)]
    found = site_from_features(columns, labels, site_of, groups, parts, CLASSES[:2])
    assert found.sources == 3
    assert found.classes["a"].accuracy.value > 0.95
    assert found.classes["a"].chance.value == pytest.approx(0.5)
    assert found.classes["b"].accuracy.value < 0.7
    assert found.classes["a"].accuracy.n == 120


def test_one_site_and_films_without_features():
    columns, labels, site_of, groups = knot()
    parts = [(np.arange(0, 240, 2), np.arange(1, 240, 2))]
    assert site_from_features(columns, labels, ["x"] * 240, groups, parts, CLASSES[:2]) is None
    columns[1::4] = np.nan
    assert site_from_features(columns, labels, site_of, groups, parts, CLASSES[:2]).accuracy.n == 60
