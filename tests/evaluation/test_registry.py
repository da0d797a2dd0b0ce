"""The registry: MCC as scikit-learn computes it, and a figure that is added arrives everywhere."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, matthews_corrcoef

from plainfilm.evaluation import metrics, registry
from plainfilm.evaluation.comparison import Predictions, compare
from plainfilm.evaluation.coverage import mark_missed
from plainfilm.evaluation.generalisation_gap import generalisation_gap
from plainfilm.evaluation.measured import Measured, estimate_all, sample_of
from plainfilm.evaluation.registry import estimates_of, of_confusion, unit_of
from plainfilm.messages import CATALOGUES
from plainfilm.records import as_dict, from_dict

CLASSES = ("a", "b", "c")


def films(count: int = 90, *, seed: int = 0, skill: float = 1.5) -> Predictions:
    random = np.random.default_rng(seed)
    labels = np.arange(count) % 3
    logits = random.normal(size=(count, 3))
    logits[np.arange(count), labels] += skill
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    names = tuple(str(number) for number in range(count))
    return Predictions(names, tuple(str(number // 2) for number in range(count)), CLASSES, labels, probabilities)


def measured(table: Predictions) -> Measured:
    return estimate_all(table.probabilities, table.labels, table.groups, CLASSES)


@given(st.integers(2, 6).flatmap(lambda k: st.lists(st.tuples(*[st.integers(0, k - 1)] * 2), min_size=2, max_size=60)))
def test_mcc_equals_scikit_learn(pairs):
    labels, predicted = (np.array(numbers) for numbers in zip(*pairs, strict=True))
    found = float(metrics.mcc(metrics.confusion_matrix(predicted, labels, 6)))
    if len(set(labels)) == 1 or len(set(predicted)) == 1:
        assert np.isnan(found)  # scikit-learn says 0, as for a model that guesses
    else:
        assert found == pytest.approx(matthews_corrcoef(labels, predicted), abs=1e-12)


def test_mcc_of_very_many_films_does_not_overflow():
    confusion = np.array([[10**8, 10**7], [10**7, 10**8]])
    assert float(metrics.mcc(confusion)) == pytest.approx(float(metrics.mcc(confusion // 10**6)))


def test_mcc_without_an_error_is_1_and_not_certain():
    labels = np.arange(60) % 3
    found = estimate_all(np.eye(3)[labels], labels, [str(i) for i in range(60)], CLASSES).overall
    accuracy, mcc = found["accuracy"], found["mcc"]
    assert (mcc.value, mcc.high) == (1.0, 1.0)
    assert mcc.low == pytest.approx(1 - 1.5 * (1 - accuracy.low))  # three classes of one size: chance is right 1 in 3


def test_one_group_says_nothing_of_mcc():
    found = measured(replace(films(), groups=("g",) * 90)).overall["mcc"]
    assert (found.low, found.high) == (-1.0, 1.0)


@pytest.mark.parametrize("grouped", [False, True])
def test_the_interval_of_mcc_holds_the_truth(grouped):
    truth = metrics.confusion_matrix((many := films(30_000)).probabilities.argmax(1), many.labels, 3)
    figures = [figure for figure in registry.FIGURES if figure.name in ("accuracy", "mcc")]
    held = 0
    for seed in range(1, 61):
        table = films(120, seed=seed)
        groups = table.groups if grouped else table.image_ids
        (found,) = estimates_of(sample_of(table.probabilities, table.labels, groups), figures)["mcc"]
        held += found.low <= float(metrics.mcc(truth)) <= found.high
    assert held >= 53


def test_a_figure_more_or_less_changes_no_other():
    """Each has the draws that it would have alone."""
    sample = sample_of((table := films()).probabilities, table.labels, table.groups)
    every = estimates_of(sample, registry.FIGURES)
    for name in ("accuracy", "log_loss", "macro_auc"):
        alone = estimates_of(sample, [figure for figure in registry.FIGURES if figure.name in (name, "auc")])
        assert alone[name] == every[name]


def kappa(confusion):
    total = confusion.sum((-2, -1))
    chance = (confusion.sum(-1) * confusion.sum(-2)).sum(-1) / total**2
    return metrics.ratio(metrics.accuracy(confusion) - chance, 1 - chance)


def test_an_entry_is_all_that_a_new_figure_takes(monkeypatch):
    entry = of_confusion("kappa", kappa, unit="decimal", bounds=(-1.0, 1.0))
    others = tuple(figure for figure in registry.FIGURES if figure.name != "kappa")
    monkeypatch.setattr(registry, "FIGURES", (*others, entry))
    one, two = films(), films(seed=1, skill=3.0)
    found = json.loads(json.dumps(as_dict(mark_missed(measured(one), one.labels, one.groups))))
    assert found["kappa"]["value"] == pytest.approx(cohen_kappa_score(one.labels, one.probabilities.argmax(1)))
    assert found["kappa"]["low"] < found["kappa"]["value"] < found["kappa"]["high"]
    assert unit_of("kappa") == "decimal"
    compared = as_dict(compare(one, two))
    assert compared["first"]["kappa"] == found["kappa"]
    assert compared["difference"]["kappa"]["low"] > 0
    assert "kappa" in as_dict(generalisation_gap(measured(one).overall, measured(two).overall, leaking=False))


def test_what_is_written_is_read():
    found = measured(films(30))
    assert from_dict(Measured, json.loads(json.dumps(as_dict(found)))) == found


def test_every_figure_has_its_words():
    for figure in registry.FIGURES:
        assert all(f"figure.{figure.name}" in catalogue for catalogue in CATALOGUES.values())
