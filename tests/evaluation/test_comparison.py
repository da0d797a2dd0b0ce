"""Two models on the same films: paired, matched by film, against reference tests."""

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar as reference_mcnemar

from plainfilm.errors import SourceError
from plainfilm.evaluation import comparison, metrics
from plainfilm.evaluation.comparison import Predictions, mcnemar
from plainfilm.evaluation.intervals import accuracy_difference
from plainfilm.records import as_dict
from plainfilm.workflows.external_test import read_predictions

CLASSES = ("a", "b", "c")


def compare(*tables):
    """As JSON has it."""
    return as_dict(comparison.compare(*tables))


def model(num_films: int = 180, *, seed: int = 1, skill: float = 1.0, size: int = 1) -> Predictions:
    """Films are the same for every seed; answers are not."""
    labels = np.arange(num_films) // size % 3
    logits = np.random.default_rng(seed).normal(size=(num_films, 3))
    logits[np.arange(num_films), labels] += skill
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    ids, groups = [f"{i:016x}" for i in range(num_films)], [f"g{i // size}" for i in range(num_films)]
    return Predictions(tuple(ids), tuple(groups), CLASSES, labels, probabilities)


@pytest.mark.parametrize("counts", [(0, 0), (3, 3), (1, 5), (9, 2), (40, 25), (700, 600)])
def test_mcnemar_equals_statsmodels(counts):
    table = np.array([[50, counts[0]], [counts[1], 7]])
    assert mcnemar(*counts).p == pytest.approx(reference_mcnemar(table, exact=True).pvalue, rel=1e-9)


def test_a_model_against_itself_differs_by_nothing_but_not_for_certain():
    found = compare(model(), model())
    assert found["mcnemar"] == {"only_first": 0, "only_second": 0, "p": 1.0}
    assert found["first"] == found["second"]
    for name in ("accuracy", "macro_auc", "log_loss"):
        assert found["difference"][name]["value"] == 0
    assert -0.05 < found["difference"]["accuracy"]["low"] < 0 < found["difference"]["accuracy"]["high"] < 0.05
    assert found["difference"]["macro_auc"]["low"] < 0 < found["difference"]["macro_auc"]["high"]


def test_differences_are_those_of_the_figures_and_turn_with_the_order():
    one, two = model(seed=1), model(seed=2, skill=2.0)
    there, back = compare(one, two), compare(two, one)
    for name in ("accuracy", "macro_auc", "log_loss"):
        difference = there["difference"][name]
        assert difference["value"] == pytest.approx(there["second"][name]["value"] - there["first"][name]["value"])
        turned = [-back["difference"][name][bound] for bound in ("value", "high", "low")]
        assert [difference[bound] for bound in ("value", "low", "high")] == pytest.approx(turned, abs=1e-9)
    assert there["difference"]["accuracy"]["low"] > 0 > there["difference"]["log_loss"]["high"]


def test_pairing_is_worth_something():
    """Two models that err on the same films: the difference is known better than either figure."""
    one, other = model(skill=1.0), model(seed=2, skill=1.0)
    again = np.arange(180)[:, None] % 30 == 0
    probabilities = np.where(again, other.probabilities, one.probabilities)
    nearly = Predictions(one.image_ids, one.groups, one.classes, one.labels, probabilities)
    found = compare(one, nearly)
    for name in ("accuracy", "macro_auc", "log_loss"):
        width = found["difference"][name]["high"] - found["difference"][name]["low"]
        assert width < 0.5 * (found["first"][name]["high"] - found["first"][name]["low"])


def test_the_interval_of_the_loss_difference_is_that_of_scipys_bootstrap():
    one, two = model(seed=1), model(seed=2)
    losses = [metrics.log_losses(table.probabilities, table.labels) for table in (one, two)]
    found = compare(one, two)["difference"]["log_loss"]
    reference = stats.bootstrap(
        (losses[1] - losses[0],), np.mean, n_resamples=9999, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    width = reference.high - reference.low
    assert (found["low"], found["high"]) == pytest.approx((reference.low, reference.high), abs=0.05 * width)


def test_groups_widen_the_difference():
    random = np.random.default_rng(0)
    right = [np.repeat(random.random(60) < 0.8, 5) for _ in range(2)]
    alone, together = (accuracy_difference(*right, [str(i // size) for i in range(300)]) for size in (1, 5))
    assert alone.value == together.value
    assert together.high - together.low > 1.8 * (alone.high - alone.low)


def test_films_are_matched_by_id_and_the_others_counted():
    one, two = model(), model(seed=2)
    some = two.take([*range(150, 50, -1)])
    found = compare(one, some)
    assert (found["films"], found["left_out"]) == (100, {"first": 80, "second": 0})
    expected = compare(one.take(range(51, 151)), two.take(range(51, 151)))
    for name, difference in found["difference"].items():
        assert difference == pytest.approx(expected["difference"][name])


def test_what_cannot_be_compared_is_refused():
    one = model()
    other_label = Predictions(
        one.image_ids, one.groups, CLASSES, (one.labels + (np.arange(180) == 7)) % 3, one.probabilities
    )
    strangers = Predictions(tuple(f"x{i}" for i in range(180)), one.groups, CLASSES, one.labels, one.probabilities)
    other_classes = Predictions(one.image_ids, one.groups, ("a", "b", "d"), one.labels, one.probabilities)
    for other, code in (
        (other_label, "compare-labels"),
        (strangers, "compare-no-films"),
        (other_classes, "compare-classes"),
    ):
        with pytest.raises(SourceError) as caught:
            compare(one, other)
        assert caught.value.code == code


@pytest.mark.parametrize(
    "content",
    [
        "",
        "image_id,group,label,p_a\n",
        "image_id,group,label,p_a\n1,g,z,0.5\n",
        "image_id,group,label,p_a\n1,g,a,nan\n",
        "a,b\n1,2\n",
    ],
)
def test_what_is_no_table_of_predictions_is_refused(tmp_path, content):
    (tmp_path / "predictions.csv").write_text(content)
    with pytest.raises(SourceError) as caught:
        read_predictions(tmp_path)
    assert caught.value.code == "predictions-damaged"
    with pytest.raises(SourceError) as caught:
        read_predictions(tmp_path / "nothing")
    assert caught.value.code == "predictions-missing"
