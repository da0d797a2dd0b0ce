"""How each kind of answer is shown: on the terminal, in tables and JSON, in a report. The part `showing` of a task."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from plainfilm.data.film_index import Row
from plainfilm.messages import Listed, Words, say
from plainfilm.model.answer import Answer
from plainfilm.model.answering import STATES
from plainfilm.model.card import Card, named
from plainfilm.model.decision import set_cell
from plainfilm.model.shift import Shift
from plainfilm.present import findings_answer
from plainfilm.present.blocks import Block, Section
from plainfilm.present.film_words import called, classes_json
from plainfilm.present.gather import Gathered
from plainfilm.present.sections import answers as class_answers
from plainfilm.present.sections import findings
from plainfilm.present.statements import about_audit, stance
from plainfilm.present.statements import headline as class_headline
from plainfilm.records import Object

Sections = tuple[Callable[[Gathered], Section], ...]


class Showing(Protocol):
    """What a task's answers and figures look like."""

    about: str  # the key of what a report says of its classes or findings first
    right: str  # the key of what the share of right answers in a training is called

    @property
    def page(self) -> Sections:
        """The sections of the report, in order."""

    @property
    def card_page(self) -> Sections:
        """Those of the model card."""

    def draw(self, test: Any, card: Card, folder: Path, language: str) -> tuple[str, ...]:
        """Draw the figures of a test into a folder; returns notices."""

    def evaluation(self, figures: Any, card: Card, films: Words | str) -> Iterator[Block]:
        """All figures of one evaluation."""

    def elsewhere(self, figures: Any, card: Card) -> Iterator[Block]:
        """What a test on films from elsewhere adds to its figures: predictive values, the gap, advice."""

    def recalibrated(self, found: Any) -> Iterator[Block]:
        """What a `Recalibration` fitted, and the local test films before and after."""

    def answers(self, found: Sequence[Answer], card: Card, shift: Shift | None) -> Iterator[Block]:
        """Films that were answered."""

    def known(self, card: Card) -> Words:
        """What a model can name, and that it can name nothing else."""

    def tested(self, card: Card) -> Words:
        """What a model was worth in its test."""

    def calibrated(self, card: Card) -> Words:
        """What a model was calibrated on, and what that promises."""

    def audited(self, card: Card) -> Words:
        """What its audit found, or that there was none."""

    def stance(self, answer: Answer, card: Card, place: str) -> str:
        """What stands behind an answer: see `statements.stance`."""

    def headline(self, answer: Answer, card: Card, place: str) -> Words:
        """What may be said of an answered film in the largest letters."""

    def answer_json(self, answer: Answer, card: Card, language: str, predictive: Mapping[str, Any]) -> Object:
        """What the model says of a film, for JSON; every entry is None if it says nothing."""

    def first(self, answer: Answer, card: Card) -> int:
        """The number of the logit whose map is shown first."""

    def row(self, answer: Answer, card: Card) -> tuple[Object, Object]:
        """What a table says of an answer: what the model gives, what is decided. NaN and "" where there is none."""

    def figure_rows(self, figures: Any) -> Iterator[Object]:
        """A row a figure: class, figure, value, low, high, n."""

    def judged_rows(self, judged: Any, card_names: Sequence[str]) -> Iterator[Object]:
        """A row a film of an evaluation."""


class ClassShowing:
    """Exactly one class a film."""

    about, right = "report.about", "figure.accuracy"

    @property
    def page(self) -> Sections:
        """With charts and films, which an answer does not need."""
        from plainfilm.present.report_sections import CLASS_PAGE

        return CLASS_PAGE

    @property
    def card_page(self) -> Sections:
        """The same without."""
        from plainfilm.present.report_sections import CLASS_CARD

        return CLASS_CARD

    def draw(self, test: Any, card: Card, folder: Path, language: str) -> tuple[str, ...]:
        """Confusion matrix, ROC, reliability and risk-coverage curves."""
        from plainfilm.present import figures

        names = [entry.shown(language) for entry in card.classes]
        measured = test.figures
        counts = np.array(measured.confusion.counts)
        aucs = [measured.classes[entry.name]["auc"] for entry in card.classes]
        curves = list(measured.calibration.reliability.values())
        return (
            *figures.draw_confusion(counts, names, folder / "confusion.png", language=language),
            *figures.draw_roc(test.probabilities, test.labels, names, folder / "roc.png", language=language, aucs=aucs),
            *figures.draw_reliability(curves, names, folder / "reliability.png", language=language),
            *figures.draw_risk_coverage(measured.risk_coverage, folder / "risk-coverage.png", language=language),
        )

    def evaluation(self, figures: Any, card: Card, films: Words | str) -> Iterator[Block]:
        """Of each class, with calibration, sets and subgroups."""
        from plainfilm.present.sections.evaluation import evaluation

        return evaluation(figures, card, films)

    def elsewhere(self, figures: Any, card: Card) -> Iterator[Block]:
        """The gap of each figure over all classes."""
        from plainfilm.present.sections.elsewhere import of_classes

        return of_classes(figures, named(card.classes))

    def recalibrated(self, found: Any) -> Iterator[Block]:
        """All classes together."""
        from plainfilm.present.sections.recalibration import of_classes

        return of_classes(found)

    answers = staticmethod(class_answers.answers)

    def stance(self, answer: Answer, card: Card, place: str) -> str:
        """As `statements.stance`."""
        return stance(answer, place)

    headline = staticmethod(class_headline)
    answer_json = staticmethod(classes_json)

    def known(self, card: Card) -> Words:
        """The classes."""
        return say("card.knows", classes=Listed(card.classes))

    def tested(self, card: Card) -> Words:
        """The accuracy."""
        assert card.evaluation is not None
        key = "card.recalibrated" if card.is_recalibrated else "card.tested"
        return say(key, accuracy=card.evaluation.overall["accuracy"].in_percent())

    def calibrated(self, card: Card) -> Words:
        """How often a set holds the true class."""
        fitted = card.calibration
        key = "card.recalibrated-on" if card.is_recalibrated else "card.calibrated"
        return say(key, films=sum(fitted.films), coverage=100 * fitted.coverage)

    def audited(self, card: Card) -> Words:
        """How much a probe without lungs gets."""
        return about_audit(card.audited)

    def first(self, answer: Answer, card: Card) -> int:
        """The predicted class."""
        return answer.predicted

    def row(self, answer: Answer, card: Card) -> tuple[Object, Object]:
        """The predicted class and the probability of each; the set."""
        names = card.class_names
        predicted = names[answer.predicted] if answer.is_answered else ""
        said = {"predicted": predicted, **_probabilities(names, _values(answer, card))}
        return said, {"set": set_cell(answer.set, names)}

    def figure_rows(self, figures: Any) -> Iterator[Object]:
        """Over all classes (class ""), and of each class."""
        for label, entries in {"": figures.overall, **figures.classes}.items():
            for name, entry in entries.items():
                yield figure_row(label, name, entry)

    def judged_rows(self, judged: Any, card_names: Sequence[str]) -> Iterator[Object]:
        """Its class, the predicted one, the probabilities, the prediction set."""
        for number, (row, probabilities) in enumerate(zip(judged.rows, judged.probabilities, strict=True)):
            members = None if judged.sets is None else np.flatnonzero(judged.sets[number]).tolist()
            yield {
                **_of_row(row),
                "label": row.label,
                "predicted": card_names[int(probabilities.argmax())],
                **_probabilities(card_names, probabilities),
                "set": set_cell(members, card_names),
                "gate": judged.verdicts[number].cell,
            }


class FindingShowing:
    """Any number of findings a film."""

    about, right = "report.findings.about", "figure.right-findings"

    @property
    def page(self) -> Sections:
        """Without charts of classes."""
        from plainfilm.present.report_sections import FINDINGS_PAGE

        return FINDINGS_PAGE

    @property
    def card_page(self) -> Sections:
        """The same, shorter."""
        from plainfilm.present.report_sections import FINDINGS_CARD

        return FINDINGS_CARD

    def draw(self, test: Any, card: Card, folder: Path, language: str) -> tuple[str, ...]:
        """The ROC curve of each finding: fourteen in one panel could not be told apart."""
        from plainfilm.present import figures

        return figures.draw_roc_panels(
            test.probabilities,
            test.targets,
            [entry.shown(language) for entry in card.classes],
            folder / "roc.png",
            language=language,
            aucs=[entry.auc for entry in test.figures.findings.values()],
        )

    evaluation = staticmethod(findings.evaluation)

    def elsewhere(self, figures: Any, card: Card) -> Iterator[Block]:
        """The gap of the AUC of each finding."""
        from plainfilm.present.sections.elsewhere import of_findings

        return of_findings(figures, card.calibration, named(card.classes))

    def recalibrated(self, found: Any) -> Iterator[Block]:
        """Each finding."""
        from plainfilm.present.sections.recalibration import of_findings

        return of_findings(found)

    answers = staticmethod(findings.answers)
    stance = staticmethod(findings_answer.stance_of)
    headline = staticmethod(findings_answer.headline_of)

    def known(self, card: Card) -> Words:
        """How many findings."""
        return say("card.knows-findings", count=len(card.classes))

    def tested(self, card: Card) -> Words:
        """The macro AUC, and over how many findings."""
        assert card.evaluation is not None
        count = len(card.macro_over or ())
        auc = card.evaluation.overall["macro_auc"].in_decimals()
        key = "card.recalibrated-findings" if card.is_recalibrated else "card.tested-findings"
        return say(key, auc=auc, count=count, of=len(card.classes))

    def calibrated(self, card: Card) -> Words:
        """How often what is said of a finding holds its truth."""
        fitted = card.calibration
        of = say(f"findings.of.{fitted.from_}")
        return say("card.calibrated-findings", films=of, most=round(100 * (1 - fitted.coverage), 6))

    def answer_json(self, answer: Answer, card: Card, language: str, predictive: Mapping[str, Any]) -> Object:
        """The findings in their order; the entries that are of classes are None."""
        empty: Object = dict.fromkeys(("predicted", "probabilities", "set", "set_words", "called", "findings"))
        if answer.probabilities is None:
            return empty
        words = findings_answer.set_words_of(answer, card)
        probabilities = dict(zip(card.class_names, answer.probabilities.tolist(), strict=True))
        return empty | {
            "probabilities": probabilities,
            "set_words": None if words is None else words.shown(language),
            "called": called(probabilities, card, predictive),
            "findings": findings_answer.as_json(answer, card, language),
        }

    def audited(self, card: Card) -> Words:
        """How much a table without films gets."""
        if card.audited is None:
            return about_audit(None)
        found = card.audited
        key = "card.audited-findings" if found.share.low > 0 else "card.audited-findings-not-above"
        return say(key, table=found.accuracy.in_decimals(), gain=found.share.in_decimals())

    def first(self, answer: Answer, card: Card) -> int:
        """The finding that is farthest above its threshold."""
        return findings_answer.findings_of(answer, card)[0].number

    def row(self, answer: Answer, card: Card) -> tuple[Object, Object]:
        """The probability of each finding; its state."""
        names = card.class_names
        states = [""] * len(names) if answer.set is None else [STATES[state] for state in answer.set]
        decided: Object = {f"state_{name}": state for name, state in zip(names, states, strict=True)}
        return _probabilities(names, _values(answer, card)), decided

    def figure_rows(self, figures: Any) -> Iterator[Object]:
        """The macro means (class ""), and the figures of each finding."""
        for name, entry in figures.overall.items():
            yield figure_row("", name, entry)
        for label, of_finding in figures.findings.items():
            for name in findings.OF_FINDING:
                yield figure_row(label, name, getattr(of_finding, name))

    def judged_rows(self, judged: Any, card_names: Sequence[str]) -> Iterator[Object]:
        """Target, probability and state of each finding."""
        for number, (row, probabilities) in enumerate(zip(judged.rows, judged.probabilities, strict=True)):
            states = None if judged.states is None else judged.states[number].tolist()
            yield {
                **_of_row(row),
                **{
                    f"target_{name}": float(value)
                    for name, value in zip(card_names, judged.targets[number], strict=True)
                },
                **_probabilities(card_names, probabilities),
                **(
                    {}
                    if states is None
                    else {f"state_{name}": STATES[state] for name, state in zip(card_names, states, strict=True)}
                ),
                "gate": judged.verdicts[number].cell,
            }


def figure_row(label: str, name: str, entry: Any) -> Object:
    """What a table of figures says of one."""
    return {"class": label, "figure": name, "value": entry.value, "low": entry.low, "high": entry.high, "n": entry.n}


def _values(answer: Answer, card: Card) -> Any:
    """(K,); NaN where there is no answer."""
    return np.full(len(card.classes), np.nan) if answer.probabilities is None else answer.probabilities


def _of_row(row: Row) -> Object:
    return {"path": row.path, "image_id": row.image_id, "group": row.group}


def _probabilities(names: Sequence[str], probabilities: Any) -> Object:
    return {f"p_{name}": float(value) for name, value in zip(names, probabilities, strict=True)}
