"""Answers on a terminal, and for --json."""

from collections.abc import Mapping, Sequence
from typing import Any

from plainfilm import records
from plainfilm.evaluation.decisions import PredictiveValues, called
from plainfilm.messages import LANGUAGES, sentence
from plainfilm.model.card import Card, ClassName
from plainfilm.present.terminal import Terminal
from plainfilm.workflows.answers import Answer
from plainfilm.workflows.statements import gate_summary, reasons, set_words

ROWS_A_TABLE = 1000  # a table is laid out in memory, at thirty times what its rows hold


def print_answers(terminal: Terminal, answers: Sequence[Answer], card: Card) -> None:
    """Tables of answers, sentences about truth (where it is known) and sets; the films that could not be judged."""
    shown = {entry.name: entry.shown(terminal.language) for entry in card.classes}
    headings = [terminal.text(f"prediction.{name}") for name in ("number", "film", "label")]
    answered = [answer for answer in answers if answer.probabilities is not None]
    for start in range(0, len(answered), ROWS_A_TABLE):
        rows = [_table_row(terminal, answer, card) for answer in answered[start : start + ROWS_A_TABLE]]
        terminal.table([*headings, *shown.values()], rows, left=3)
    for answer in answered:
        if answer.truth:
            predicted = shown[_predicted(answer, card).name]
            terminal.say("prediction.sentence", number=answer.number, truth=shown[answer.truth], predicted=predicted)
    for answer in answers:
        if answer.set is not None and card.calibration is not None:
            words = set_words(answer.set, card, terminal.language)
            terminal.say("prediction.set", number=answer.number, coverage=100 * card.calibration.coverage, words=words)
    for answer in answers:
        for code in answer.warnings:
            terminal.warn("warning", about=answer.path, message=terminal.text(code))
        if answer.is_refused:
            key = "gate.overridden" if answer.is_answered else "gate.refused"
            assert answer.verdict is not None
            terminal.warn(key, about=answer.path, reasons=reasons(answer.verdict, terminal.language))
        if answer.error is not None:
            terminal.fail(answer.error, about="" if "path" in answer.error.parameters else answer.path)


def _predicted(answer: Answer, card: Card) -> ClassName:
    """The most probable class of an answered film."""
    assert answer.probabilities is not None
    return card.classes[int(answer.probabilities.argmax())]


def _table_row(terminal: Terminal, answer: Answer, card: Card) -> list[object]:
    """Number, path and class of an answered film, and a cell for each probability."""
    assert answer.probabilities is not None
    predicted = _predicted(answer, card)
    names = " ".join(dict.fromkeys(predicted.shown(language) for language in LANGUAGES))
    if answer.is_refused:
        names = terminal.text("gate.marked", names=names)
    return [answer.number, answer.path, names, *(f"{probability:.3f}" for probability in answer.probabilities)]


def answers_summary(
    answers: Sequence[Answer], card: Card, language: str, predictive: Mapping[str, PredictiveValues], *, maps: bool
) -> list[dict[str, Any]]:
    """The answers for --json.

    With the predictive values of some classes also what each film is called there; where maps were written, with what
    the model file says against them.
    """
    map_warning = (card.map_warning.shown(language) if maps else "") or None
    return [
        {
            "path": answer.path,
            "image_id": answer.image_id,
            "truth": answer.truth or None,
            **_classes_summary(answer, card, predictive),
            "gate": None if answer.verdict is None else gate_summary(answer.verdict, answer.is_answered, language),
            "warnings": list(answer.warnings),
            "map_warning": map_warning if answer.is_answered else None,
            "error": None
            if answer.error is None
            else {"code": answer.error.code, "message": sentence(answer.error, language)},
        }
        for answer in answers
    ]


def _classes_summary(answer: Answer, card: Card, predictive: Mapping[str, PredictiveValues]) -> dict[str, Any]:
    """What the model says of a film's class; every entry is None where it says nothing."""
    if answer.probabilities is None:
        return dict.fromkeys(("predicted", "probabilities", "set", "called"))
    probability_of = dict(zip(card.class_names, answer.probabilities.tolist(), strict=True))
    return {
        "predicted": max(probability_of, key=probability_of.__getitem__),
        "probabilities": probability_of,
        "set": None if answer.set is None else [card.class_names[number] for number in answer.set],
        "called": {
            name: records.plain(called(probability_of[name], entry.points)) for name, entry in predictive.items()
        },
    }
