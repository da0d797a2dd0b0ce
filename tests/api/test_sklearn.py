"""FilmClassifier in scikit-learn: its own contract, and scikit-learn's checks as far as they are about it."""

import copy
import warnings
from pathlib import Path
from typing import Any
from unittest import SkipTest

import joblib
import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import check_random_state
from sklearn.utils.estimator_checks import estimator_checks_generator

import plainfilm
from plainfilm.model.predictor import Predictor
from plainfilm.sklearn import FilmClassifier, _patient


@pytest.fixture(scope="module")
def films(phantoms: Path) -> tuple[list[str], list[str]]:
    """Paths and labels of 60 films."""
    paths = sorted(str(path) for path in phantoms.glob("*/*.png"))[::2]
    return paths, [Path(path).parent.name for path in paths]


@pytest.fixture(scope="module")
def fitted(films: tuple[list[str], list[str]], short_recipe: Path) -> FilmClassifier:
    return FilmClassifier(str(short_recipe), random_state=3, threads=1).fit(*films)


def test_it_is_a_classifier_with_parameters(fitted: FilmClassifier) -> None:
    assert is_classifier(fitted)
    copy = clone(fitted)
    assert copy.get_params() == fitted.get_params()
    with pytest.raises(NotFittedError):
        copy.predict([])


def test_classes_and_probabilities_agree(fitted: FilmClassifier, films: tuple[list[str], list[str]]) -> None:
    paths, labels = films
    assert list(fitted.classes_) == sorted(set(labels))
    probabilities = fitted.predict_proba(paths)
    assert probabilities.shape == (len(paths), 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(fitted.predict(paths), fitted.classes_[probabilities.argmax(axis=1)])
    assert fitted.score(paths, labels) == (fitted.predict(paths) == labels).mean()


def test_the_same_seed_gives_the_same_bits(fitted: FilmClassifier, films: tuple[list[str], list[str]]) -> None:
    again = clone(fitted).fit(*films)
    assert again.model_file_ == fitted.model_file_
    other = clone(fitted).set_params(random_state=4).fit(*films)
    assert other.model_file_ != fitted.model_file_


def test_its_model_file_is_one_of_ours(
    fitted: FilmClassifier, films: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(fitted.model_file_)
    answers = plainfilm.predict(Predictor(path), films[0][:5], override=True).answers
    found = np.array([answer.probabilities for answer in answers])
    np.testing.assert_array_equal(found, fitted.predict_proba(films[0][:5]))


def test_it_can_be_kept_in_a_file(fitted: FilmClassifier, films: tuple[list[str], list[str]], tmp_path: Path) -> None:
    before = fitted.predict_proba(films[0][:5])
    joblib.dump(fitted, tmp_path / "fitted.joblib")
    np.testing.assert_array_equal(joblib.load(tmp_path / "fitted.joblib").predict_proba(films[0][:5]), before)


def test_labels_may_be_numbers(films: tuple[list[str], list[str]], short_recipe: Path) -> None:
    numbers = [{"NORMAL": 10, "Viral_Pneumonia": 2, "COVID": -1}[label] for label in films[1]]
    fitted = FilmClassifier(str(short_recipe), threads=1).fit(films[0], numbers)
    assert list(fitted.classes_) == [-1, 2, 10]
    assert set(fitted.predict(films[0])) <= {-1, 2, 10}


def test_groups_stay_together(
    films: tuple[list[str], list[str]], short_recipe: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from plainfilm.workflows import training

    seen = []
    original = training.make_listed_films

    def spy(*arguments: Any) -> Any:
        found = original(*arguments)
        seen.append(found.index)
        return found

    monkeypatch.setattr(training, "make_listed_films", spy)
    groups = [number // 4 for number in range(len(films[0]))]
    FilmClassifier(str(short_recipe), threads=1).fit(*films, groups=groups)
    (index,) = seen
    assert {row.split for row in index.rows} == {"train", "validation"}
    assert not index.straddling()
    assert len({row.patient for row in index.rows}) == 15


def test_it_works_in_cross_val_score_and_pipeline(films: tuple[list[str], list[str]], short_recipe: Path) -> None:
    paths, labels = films
    pipeline = Pipeline(
        [
            ("strip", FunctionTransformer(lambda X: [path.strip() for path in X])),
            ("films", FilmClassifier(str(short_recipe), threads=1)),
        ]
    )
    groups = [number // 2 for number in range(len(paths))]
    scores = cross_val_score(pipeline, [f" {path}" for path in paths], labels, groups=groups, cv=GroupKFold(3))
    assert scores.shape == (3,)
    assert ((scores >= 0) & (scores <= 1)).all()


@pytest.mark.parametrize(
    ("X", "y", "words"),
    [
        (np.zeros((4, 2)), [0, 1, 0, 1], "list of paths"),
        (["a.png"], [0, 1], "1 films, 2 labels"),
        (["a.png", "b.png"], [0, 0], "one class"),
        (["a.png", "b.png"], [0.5, 0.7], "continuous"),
        (["a.png", "b.png"], ["x", "y"], "a.png"),
    ],
)
def test_bad_input_is_named(X: Any, y: Any, words: str, short_recipe: Path) -> None:
    with pytest.raises(ValueError, match=words):
        FilmClassifier(str(short_recipe), threads=1).fit(X, y)


def test_a_film_that_is_none_is_named(fitted: FilmClassifier, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_text("no film")
    with pytest.raises(plainfilm.PlainfilmError, match=r"bad\.png: .*PNG"):
        fitted.predict_proba([tmp_path / "bad.png"])


def test_a_fit_that_fails_leaves_what_was_learnt(
    fitted: FilmClassifier, films: tuple[list[str], list[str]], tmp_path: Path
) -> None:
    (tmp_path / "bad.png").write_text("no film")
    again, classes = copy.deepcopy(fitted), list(fitted.classes_)
    with pytest.raises(plainfilm.PlainfilmError):
        again.fit([films[0][0], str(tmp_path / "bad.png")], ["x", "y"])
    assert list(again.classes_) == classes


def test_the_random_state_may_be_a_stream() -> None:
    seeds = {FilmClassifier(random_state=state)._seed(5) for state in (None, 7, np.int64(7))}
    assert seeds == {5, 7}
    assert FilmClassifier(random_state=check_random_state(3))._seed(5) not in seeds


def test_nobody_is_no_patient() -> None:
    assert [_patient(group) for group in (None, float("nan"), 0, "a")] == ["", "", "group 0", "group a"]


# --- scikit-learn's own checks ---------------------------------------------------------------------------------------

NOT_OURS = {  # why a check of scikit-learn's is not about films
    "gives X as a table of numbers, and films are paths": {
        *("check_classifier_data_not_an_array", "check_classifiers_classes", "check_classifiers_one_label"),
        *("check_classifiers_regression_target", "check_classifiers_train", "check_complex_data"),
        *("check_dict_unchanged", "check_dont_overwrite_parameters", "check_dtype_object", "check_estimators_dtypes"),
        *("check_estimators_empty_data_messages", "check_estimators_fit_returns_self", "check_estimators_nan_inf"),
        *("check_estimators_overwrite_params", "check_estimators_pickle", "check_f_contiguous_array_estimator"),
        *("check_fit1d", "check_fit2d_1feature", "check_fit2d_1sample", "check_fit2d_predict1d"),
        *("check_fit_check_is_fitted", "check_fit_idempotent", "check_fit_score_takes_y"),
        *("check_methods_sample_order_invariance", "check_methods_subset_invariance", "check_n_features_in"),
        *("check_n_features_in_after_fitting", "check_pipeline_consistency", "check_positive_only_tag_during_fit"),
        *("check_readonly_memmap_input", "check_requires_y_none", "check_supervised_y_2d"),
    },
    "gives X as a sparse matrix, and films are paths": {
        *("check_estimator_sparse_array", "check_estimator_sparse_matrix", "check_estimator_sparse_tag"),
    },
    "is skipped by scikit-learn itself, unless SCIPY_ARRAY_API is set": {"check_array_api_input"},
}
OURS = {
    *("check_decision_proba_consistency", "check_do_not_raise_errors_in_init_or_set_params"),
    *("check_estimator_cloneable", "check_estimator_repr", "check_estimators_unfitted", "check_get_params_invariance"),
    *("check_mixin_order", "check_no_attributes_set_in_init", "check_parameters_default_constructible"),
    *("check_set_params", "check_supervised_y_no_nan", "check_valid_tag_types"),
}


class AsIfOfTables(FilmClassifier):
    """What makes scikit-learn run its checks: it has none for estimators of lists."""

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array, tags.no_validation = True, False
        return tags


def test_every_check_of_scikit_learn_holds_or_is_not_about_films() -> None:
    held, failed = set(), set()
    for estimator, check in estimator_checks_generator(AsIfOfTables("smoke")):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                check(estimator)
                held.add(check.func.__name__)
            except (Exception, SkipTest):
                failed.add(check.func.__name__)
    assert held >= OURS
    assert failed <= set().union(*NOT_OURS.values())
