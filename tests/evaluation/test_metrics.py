"""Metrics equal scikit-learn's, and what cannot be computed is NaN."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as reference

from plainfilm.evaluation import metrics

NUM_CLASSES = 4


@st.composite
def predictions(draw):
    """Labels in which every class occurs, and probabilities with ties."""
    size = draw(st.integers(NUM_CLASSES, 60))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = random.permutation(
        np.append(np.arange(NUM_CLASSES), random.integers(NUM_CLASSES, size=size - NUM_CLASSES))
    )
    scores = random.integers(1, 6, size=(size, NUM_CLASSES)).astype(float)
    return scores / scores.sum(1, keepdims=True), labels


@given(predictions())
def test_counted_metrics_equal_scikit_learn(prediction):
    probabilities, labels = prediction
    predicted = probabilities.argmax(1)
    confusion = metrics.confusion_matrix(predicted, labels, NUM_CLASSES)
    np.testing.assert_array_equal(confusion, reference.confusion_matrix(labels, predicted, labels=range(NUM_CLASSES)))
    assert metrics.accuracy(confusion) == pytest.approx(reference.accuracy_score(labels, predicted))
    assert metrics.balanced_accuracy(confusion) == pytest.approx(reference.balanced_accuracy_score(labels, predicted))
    precision, recall, f1, _ = reference.precision_recall_fscore_support(
        labels, predicted, labels=range(NUM_CLASSES), zero_division=np.nan
    )
    np.testing.assert_allclose(metrics.sensitivity(confusion), recall)
    np.testing.assert_allclose(metrics.precision(confusion), precision)
    np.testing.assert_allclose(metrics.f1(confusion), f1)
    for k, specificity in enumerate(metrics.specificity(confusion)):
        assert specificity == pytest.approx(reference.recall_score(labels != k, predicted != k))


@given(predictions())
def test_probability_metrics_equal_scikit_learn(prediction):
    probabilities, labels = prediction
    assert metrics.log_loss(probabilities, labels) == pytest.approx(reference.log_loss(labels, probabilities))
    expected = reference.roc_auc_score(labels, probabilities, multi_class="ovr", average="macro")
    assert metrics.macro_auc(probabilities, labels) == pytest.approx(expected)
    for k in range(NUM_CLASSES):
        expected = reference.roc_auc_score(labels == k, probabilities[:, k])
        assert metrics.auc(probabilities[:, k], labels == k) == pytest.approx(expected)
        curve = metrics.roc_curve(probabilities[:, k], labels == k)
        expected_curve = reference.roc_curve(labels == k, probabilities[:, k], drop_intermediate=False)
        np.testing.assert_allclose(curve, expected_curve[:2])
        assert np.trapezoid(curve[1], curve[0]) == pytest.approx(expected)


def test_confusion_matrices_can_be_summed_and_stacked():
    random = np.random.default_rng(0)
    labels, predicted = random.integers(3, size=(2, 90))
    parts = [metrics.confusion_matrix(predicted[i::3], labels[i::3], 3) for i in range(3)]
    np.testing.assert_array_equal(sum(parts), metrics.confusion_matrix(predicted, labels, 3))
    for figure in (metrics.accuracy, metrics.balanced_accuracy, metrics.sensitivity, metrics.specificity, metrics.f1):
        np.testing.assert_array_equal(figure(np.stack(parts)), np.stack([figure(part) for part in parts]))


def test_what_cannot_be_computed_is_nan():
    confusion = metrics.confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 3)  # class 2 occurs nowhere
    np.testing.assert_array_equal(np.isnan(metrics.sensitivity(confusion)), [False, False, True])
    np.testing.assert_array_equal(np.isnan(metrics.precision(confusion)), [False, False, True])
    np.testing.assert_array_equal(np.isnan(metrics.f1(confusion)), [False, False, True])
    assert metrics.specificity(confusion)[2] == 1
    assert np.isnan(metrics.balanced_accuracy(confusion))
    assert np.isnan(metrics.accuracy(np.zeros((3, 3))))
    assert np.isnan(metrics.auc(np.array([0.2, 0.3]), np.array([True, True])))
    assert np.isnan(metrics.macro_auc(np.array([[0.2, 0.8], [0.3, 0.7]]), np.array([1, 1])))
    assert np.isnan(metrics.log_loss(np.zeros((0, 3)), np.zeros(0, int)))


def test_log_loss_of_an_impossible_answer_is_finite():
    assert metrics.log_loss(np.array([[1.0, 0.0]]), np.array([1])) == pytest.approx(-np.log(1e-15))


def test_placements_are_two_views_of_the_same_area():
    positive, negative = np.array([0.4, 0.8, 0.8]), np.array([0.1, 0.4, 0.8, 0.9])
    by_positives, by_negatives = metrics.placements(positive, negative)
    wins = (positive[:, None] > negative) + 0.5 * (positive[:, None] == negative)  # (P, Q)
    np.testing.assert_allclose(by_positives, wins.mean(1))
    np.testing.assert_allclose(by_negatives, wins.mean(0))
