"""Probes: scikit-learn's answers, what each can and cannot tell, the same answers twice."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler

from plainfilm.audits import probes


def clouds(seed: int, count: int = 300, columns: int = 12, classes: int = 3):
    """Overlapping classes in columns of very different scales."""
    random = np.random.default_rng(seed)
    labels = random.integers(classes, size=count)
    centres = random.normal(size=(classes, columns))
    x = (centres[labels] + 1.5 * random.normal(size=(count, columns))) * np.geomspace(1e-3, 1e3, columns) + 50
    return x, labels


@pytest.mark.parametrize("seed", range(3))
def test_logistic_is_scikit_learns(seed):
    x, labels = clouds(seed)
    train, test = slice(0, 200), slice(200, None)
    scaler = StandardScaler().fit(x[train])
    reference = LogisticRegression(C=1 / (200 * probes.PENALTY), max_iter=2000, tol=1e-8)
    reference.fit(scaler.transform(x[train]), labels[train])
    expected = reference.predict_proba(scaler.transform(x[test]))
    found = probes.logistic(x[train], labels[train], x[test], 3)
    np.testing.assert_allclose(found, expected, atol=0.01)


def test_linear_is_scikit_learns():
    x, labels = clouds(0)
    train, test, wanted = slice(0, 200), slice(200, None), np.eye(3)[labels]
    scaler = StandardScaler().fit(x[train])
    reference = Ridge(alpha=200 * probes.PENALTY).fit(scaler.transform(x[train]), wanted[train])
    found = probes.linear(x[train], wanted[train], x[test])
    np.testing.assert_allclose(found, reference.predict(scaler.transform(x[test])), atol=1e-8)


def test_minimise_finds_the_bottom_of_a_narrow_valley():
    scales = np.geomspace(1, 1e3, 20)

    def valley(point):
        return float(scales @ (point - 3) ** 2) / 2, scales * (point - 3)

    np.testing.assert_allclose(probes.minimise(valley, np.zeros(20)), 3, atol=1e-3)


def test_boosted_reads_what_no_line_can():
    random = np.random.default_rng(0)
    x = random.uniform(-1, 1, (600, 5))
    labels = ((x[:, 0] > 0) != (x[:, 3] > 0.2)).astype(int)
    data = x[:400], labels[:400], x[400:], 2
    assert (probes.boosted(*data).argmax(1) == labels[400:]).mean() > 0.93
    assert (probes.logistic(*data).argmax(1) == labels[400:]).mean() < 0.7


@pytest.mark.parametrize("probe", [probes.logistic, probes.boosted])
def test_a_probe_gives_probabilities_the_same_twice(probe):
    x, labels = clouds(1)
    found = probe(x[:200], labels[:200], x[200:], 3)
    np.testing.assert_allclose(found.sum(1), 1)
    assert (found >= 0).all()
    np.testing.assert_array_equal(found, probe(x[:200], labels[:200], x[200:], 3))


@pytest.mark.parametrize("probe", [probes.logistic, probes.boosted])
def test_without_information_a_probe_says_the_prior(probe):
    labels = np.array([0] * 60 + [1] * 40)
    found = probe(np.full((100, 4), 7.0), labels, np.full((5, 4), 7.0), 3)
    np.testing.assert_allclose(found[:, :2], [[0.6, 0.4]] * 5, atol=0.02)
    assert (found[:, 2] < 0.02).all()


@pytest.mark.parametrize("probe", [probes.logistic, probes.boosted])
def test_columns_of_noise_tell_nothing_of_new_films(probe):
    random = np.random.default_rng(0)
    x, labels = random.normal(size=(800, 20)), random.integers(2, size=800)
    assert 0.4 < (probe(x[:400], labels[:400], x[400:], 2).argmax(1) == labels[400:]).mean() < 0.6
