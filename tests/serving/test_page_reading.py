"""Reader mode in Chromium: the reader answers first; agreement and kappa are those of the references."""

import csv
import io
import math

import numpy as np
import pytest
from browser import Visit
from sklearn.metrics import cohen_kappa_score

from plainfilm.locales.en.page import SENTENCES as EN
from plainfilm.model.predictor import Predictor

Films = dict[str, bytes]
UNDECIDED = 3  # the film at this place of the visit


def rows(data: bytes) -> list[dict[str, str]]:
    """The rows of a table that the page gave."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_the_reader_answers_first_and_kappa_is_that_of_scikit_learn(
    visit: Visit, answered: Films, predictor: Predictor
) -> None:
    """24 films, every fourth answered otherwise than the model does, one left undecided."""
    films = dict(list(answered.items())[:24])
    model = [predictor.predict_bytes(data).predicted for data in films.values()]
    own = [(answer + 1) % 3 if place % 4 == 1 else answer for place, answer in enumerate(model)]
    visit.page.keyboard.press("r")
    visit.answer(films)
    assert set(visit.texts("#strip .caption")) == {EN["caption.to-read"]}
    for place, answer in enumerate(own):
        assert visit.page.locator(".bars").count() == 0
        visit.page.keyboard.press("u" if place == UNDECIDED else str(answer + 1))
        assert visit.page.locator(".bars").is_visible()
        visit.page.keyboard.press("Enter")  # the next film, or after the last the end
    kept = [place for place in range(len(films)) if place != UNDECIDED]
    kappa = cohen_kappa_score([own[place] for place in kept], [model[place] for place in kept])
    assert visit.text("#summary-body dd:nth-of-type(2)").startswith(f"{kappa:.3f} (95 % interval ")
    counts = EN["summary.counts"].format(read=24, all=24, undecided=1, unanswered=0)
    assert visit.text("#summary-body p") == counts
    figures = {row["figure"]: row for row in rows(visit.download("#figures-csv"))}
    assert float(figures["kappa"]["value"]) == pytest.approx(kappa)
    assert figures["kappa"]["n"] == "23"
    names = predictor.card.class_names
    table = rows(visit.download("#reading-csv"))
    assert [row["predicted"] for row in table] == [names[answer] for answer in model]
    assert table[UNDECIDED]["own"] == "undecided"
    assert {row["answer_shown_before"] for row in table} == {"false"}
    visit.page.click("#end-reading")
    assert visit.page.locator("#reading").is_hidden()


def test_answers_that_were_seen_before_are_marked(visit: Visit, film: bytes) -> None:
    visit.answer({"film.png": film})
    visit.page.click("#read")
    assert visit.page.locator(".bars").count() == 0
    visit.page.keyboard.press("1")
    visit.page.keyboard.press("2")  # chooses a map: the answer stands
    visit.page.click("#finish")
    assert visit.text("#summary-body .note") == EN["summary.shown-before"].format(n=1)
    (row,) = rows(visit.download("#reading-csv"))
    assert (row["own"], row["answer_shown_before"]) == ("NORMAL", "true")


def test_kappa_of_many_readings(visit: Visit) -> None:
    """Against scikit-learn, and its interval against the formula; 5 to 60 films, 2 to 5 classes."""
    draws = np.random.default_rng(11)
    for _ in range(40):
        count, classes = int(draws.integers(5, 60)), int(draws.integers(2, 6))
        first = draws.integers(0, classes, count)
        second = np.where(draws.random(count) < 0.6, first, draws.integers(0, classes, count))
        found = visit.call("agreement.js", "module.agreement(given)", np.column_stack([first, second]).tolist())
        kappa = cohen_kappa_score(first, second)
        assert found["kappa"] == pytest.approx(kappa)
        observed = float((first == second).mean())
        assert found["share"]["value"] == pytest.approx(observed)
        if count < 20:
            assert found["low"] is None
        else:
            chance = 1 - (1 - observed) / (1 - kappa) if kappa < 1 else 0.0
            error = math.sqrt(observed * (1 - observed) / count) / (1 - chance)
            assert found["low"] == pytest.approx(max(kappa - 1.959964 * error, -1))
            assert found["high"] == pytest.approx(min(kappa + 1.959964 * error, 1))


@pytest.mark.parametrize(
    ("pairs", "words"),
    [([], EN["summary.no-pairs"]), ([["a", "a"]] * 30, EN["summary.one-answer"].format(n=30))],
)
def test_kappa_that_is_not_defined_says_why(visit: Visit, pairs: list[list[str]], words: str) -> None:
    assert (
        visit.call("reader.js", "module.kappaWords((await import('/page/agreement.js')).agreement(given))", pairs)
        == words
    )
