import csv
import json
import time
from dataclasses import replace

import numpy as np
import pytest
from builders import make_card

from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.errors import SourceError
from plainfilm.evaluation import evaluation as module
from plainfilm.evaluation.evaluation import Evaluation, tutorial_figures
from plainfilm.evaluation.measured import Measured
from plainfilm.model.input_check import Verdict
from plainfilm.model.predictor import Answers

CLASSES = ("a", "b", "c")


class FakePredictor:
    """Answers by the film's first pixel, which is a row number of `table`, and remembers what it was shown."""

    def __init__(self, table: np.ndarray, **card) -> None:
        self.table = table
        self.card = make_card(CLASSES, **card)
        self.input_check = self.home = None
        self.shown: list[np.ndarray] = []

    def answer(self, pixels: np.ndarray) -> Answers:
        self.shown.append(pixels)
        probabilities = self.table[pixels[:, 0, 0, 0]]
        return Answers(
            probabilities, np.log(probabilities), np.zeros((len(pixels), 3, 2, 2)), np.zeros((len(pixels), 4))
        )

    def judge(self, pixels, answers, widths, heights, chromas):
        assert len(pixels) == len(answers.features) == len(widths) == len(heights) == len(chromas)
        verdicts = [Verdict(chroma < 100, () if chroma < 100 else ("gate-colour",), 0.0) for chroma in chromas]
        return verdicts, [None] * len(pixels)

    def settled(self, answers, placed):
        return answers.sets


def evaluate(predictor, rows, numbers, store, **options) -> Evaluation:
    """Judge some of the films with these rows and pixels."""
    films = Films.of(Index(tuple(rows), (), CLASSES, {"kind": "none"}), store)
    return module.evaluate(predictor, films, numbers, **options)


def rows_of(labels, **entries) -> list[Row]:
    return [
        Row(image_id=f"{number:016x}", path=f"films/{number}.png", label=label, group=f"g{number}", **entries)
        for number, label in enumerate(labels)
    ]


def store_of(count: int) -> np.ndarray:
    return np.repeat(np.arange(count, dtype=np.uint8), 64 * 64).reshape(count, 64, 64)


def random_table(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet([1, 1, 1], count)


def test_figures_by_hand():
    table = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.1, 0.1, 0.8]])
    evaluation = evaluate(FakePredictor(table), rows_of("aabc"), range(4), store_of(4), name="test")
    assert evaluation.labels.tolist() == [0, 0, 1, 2]
    assert np.array_equal(evaluation.probabilities, table)
    figures = evaluation.figures.as_dict()
    assert (figures["accuracy"]["value"], figures["accuracy"]["n"]) == (0.5, 4)
    assert figures["balanced_accuracy"]["value"] == pytest.approx((0.5 + 0 + 1) / 3)
    assert figures["log_loss"]["value"] == pytest.approx(-np.log([0.8, 0.2, 0.3, 0.8]).mean())
    assert figures["confusion"] == {"classes": list(CLASSES), "counts": [[1, 1, 0], [1, 0, 0], [0, 0, 1]]}
    assert figures["classes"]["a"]["sensitivity"]["value"] == 0.5
    assert figures["classes"]["b"]["precision"]["value"] == 0.0
    assert figures["films"] == "test"
    assert figures["left_out"] == {}
    for name in ("accuracy", "balanced_accuracy", "log_loss"):
        assert figures[name]["low"] <= figures[name]["value"] <= figures[name]["high"]


def test_what_cannot_be_judged_is_counted_and_left_out():
    rows = rows_of(["a", "b", "zebra", "", "c", "zebra", "a"])
    rows[6] = Row(path="damaged.png", label="a", problems=("unreadable:film-truncated",))
    predictor = FakePredictor(random_table(7))
    evaluation = evaluate(predictor, rows, range(7), store_of(7), name="elsewhere")
    assert evaluation.figures.as_dict()["left_out"] == {"?": 1, "a": 1, "zebra": 2}
    assert [row.path for row in evaluation.rows] == ["films/0.png", "films/1.png", "films/4.png"]
    assert np.array_equal(evaluation.probabilities, predictor.table[[0, 1, 4]])


def test_only_the_numbers_that_were_given_are_judged():
    evaluation = evaluate(FakePredictor(random_table(6)), rows_of("abcabz"), [4, 1, 2], store_of(6), name="test")
    assert [row.path for row in evaluation.rows] == ["films/4.png", "films/1.png", "films/2.png"]
    assert evaluation.figures.as_dict()["left_out"] == {}


@pytest.mark.parametrize("chunk", [1, 3, 256])
def test_chunks_do_not_change_a_figure(monkeypatch, chunk):
    monkeypatch.setattr(module, "CHUNK", chunk)
    predictor = FakePredictor(random_table(7))
    evaluation = evaluate(predictor, rows_of("abcabca"), range(7), store_of(7), name="test")
    assert np.array_equal(evaluation.probabilities, predictor.table)
    assert max(map(len, predictor.shown)) <= chunk


@pytest.mark.parametrize("channels", [1, 3])
def test_the_model_is_shown_its_channels(channels):
    predictor = FakePredictor(random_table(3), channels=channels)
    evaluate(predictor, rows_of("abc"), range(3), store_of(3), name="test")
    (pixels,) = predictor.shown
    assert pixels.shape == (3, channels, 64, 64)
    assert pixels.dtype == np.uint8
    assert (pixels == store_of(3)[:, None]).all()


def test_without_a_film_of_its_classes_there_is_no_evaluation():
    with pytest.raises(SourceError) as caught:
        evaluate(FakePredictor(random_table(2)), rows_of(["zebra", ""]), range(2), store_of(2), name="test")
    assert caught.value.code == "evaluation-no-films"
    assert caught.value.parameters == {"classes": "a, b, c", "found": "?, zebra"}


def test_groups_make_the_intervals():
    """Twenty films of two patients say less than twenty films of twenty patients."""
    table, labels = random_table(20), "abcab" * 4
    alone = rows_of(labels)
    together = [Row(**{**vars(row), "group": f"g{number % 2}"}) for number, row in enumerate(alone)]
    methods = [
        evaluate(FakePredictor(table), rows, range(20), store_of(20), name="test").figures.as_dict()["interval"][
            "groups"
        ]
        for rows in (alone, together)
    ]
    assert methods == [20, 2]


@pytest.mark.parametrize("leaking", [True, False])
def test_figures_of_a_leaking_split_are_marked(leaking):
    found = evaluate(FakePredictor(random_table(3)), rows_of("abc"), range(3), store_of(3), name="x", leaking=leaking)
    assert found.figures.as_dict()["leaking"] is leaking


def test_films_whose_copies_carry_another_class_are_left_out():
    rows = rows_of("abc")
    rows[0] = replace(rows[0], problems=("duplicate-exact", "label-conflict"))
    found = evaluate(FakePredictor(random_table(3)), rows, range(3), store_of(3), name="x")
    assert found.figures.as_dict()["left_out"] == {"a": 1}


def test_a_large_index_takes_no_quadratic_time():
    count = 20_000
    rows = rows_of(["a", "b", "c", "zebra"] * (count // 4))
    started = time.thread_time()  # others may wait for each other, busily
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "estimate_all", lambda *_: None)
        patch.setattr(module, "mark_missed", lambda *_: Measured(classes={}, confusion=None, interval=None))
        predictor = FakePredictor(random_table(1))
        store = np.broadcast_to(np.zeros((1, 2, 2), np.uint8), (count, 2, 2))
        figures = evaluate(predictor, rows, range(count), store, name="test").figures.as_dict()
    assert figures["left_out"] == {"zebra": count // 4}
    assert time.thread_time() - started < 30  # 400 million steps would take minutes


@pytest.mark.parametrize("count", [1, 63, 64, 65, 130])
def test_tutorial_figures_are_means_of_batch_means(count):
    probabilities = random_table(count)
    labels = np.random.default_rng(1).integers(0, 3, count)
    losses, accuracies = [], []
    while len(labels):
        batch, truth = probabilities[:64], labels[:64]
        losses.append(-np.mean([np.log(row[label]) for row, label in zip(batch, truth, strict=True)]))
        accuracies.append(np.mean(batch.argmax(axis=1) == truth))
        probabilities, labels = probabilities[64:], labels[64:]
    found = tutorial_figures(random_table(count), np.random.default_rng(1).integers(0, 3, count))
    assert vars(found) == pytest.approx({"loss": np.mean(losses), "accuracy": np.mean(accuracies)})


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} in JSON")


def test_films_that_the_input_check_refuses_count_and_are_named():
    rows = [replace(row, chroma=chroma) for row, chroma in zip(rows_of("aabc"), (0, 200, 0, 200), strict=True)]
    evaluation = evaluate(FakePredictor(random_table(4)), rows, range(4), store_of(4), name="test")
    figures = evaluation.figures.as_dict()["gate"]
    assert (figures["refused"]["value"], figures["refused"]["n"]) == (0.5, 4)
    assert [figures["classes"][name]["value"] for name in CLASSES] == [0.5, 0, 1]
    assert figures["reasons"] == {"gate-colour": 2}
    assert evaluation.figures.as_dict()["accuracy"]["n"] == 4


def test_what_is_written(tmp_path):
    """Class c has no film: its figures are not estimable, and the JSON is valid all the same."""
    table = np.array([[0.8, 0.1, 0.1], [0.25, 0.7, 0.05], [1 / 3, 1 / 3, 1 / 3]])
    rows = rows_of("abb")
    rows[1] = Row(**{**vars(rows[1]), "path": '胸片/a, "b"\n.png'})
    evaluation = evaluate(FakePredictor(table), rows, range(3), store_of(3), name="test")
    evaluation.write(CLASSES, tmp_path / "evaluation")
    assert sorted(path.name for path in (tmp_path / "evaluation").iterdir()) == ["metrics.json", "predictions.csv"]

    figures = json.loads((tmp_path / "evaluation" / "metrics.json").read_text("utf-8"), parse_constant=refuse)
    assert figures == evaluation.figures.as_dict()
    assert figures["classes"]["c"]["sensitivity"] == {"value": None, "low": None, "high": None, "n": 0}

    with (tmp_path / "evaluation" / "predictions.csv").open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file))
    assert lines[0] == ["path", "image_id", "group", "label", "predicted", "p_a", "p_b", "p_c", "set", "gate"]
    assert [line[:5] for line in lines[1:]] == [
        [row.path, row.image_id, row.group, row.label, predicted] for row, predicted in zip(rows, "aba", strict=True)
    ]
    written = np.array([[float(entry) for entry in line[5:8]] for line in lines[1:]])
    assert np.abs(written - table).max() <= 5e-7


def test_written_twice_is_written_alike(tmp_path):
    for name in ("first", "again"):
        evaluation = evaluate(FakePredictor(random_table(6)), rows_of("abcabc"), range(6), store_of(6), name="test")
        evaluation.write(CLASSES, tmp_path / name)
    for file in ("metrics.json", "predictions.csv"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()
