"""Answers on a terminal, and for --json."""

from collections.abc import Mapping, Sequence
from typing import Any

from plainfilm.evaluation.decisions import called
from plainfilm.messages import sentence
from plainfilm.model.card import Card
from plainfilm.terminal import Terminal
from plainfilm.workflows.predict import Answer
from plainfilm.workflows.statements import gate_summary, reasons, set_words


def print_answers(terminal: Terminal, answers: Sequence[Answer], card: Card) -> None:
    """A table of answers, sentences about truth (where it is known) and sets; the films that could not be judged."""
    shown = {entry.name: entry.shown(terminal.language) for entry in card.classes}
    table, sentences = [], []
    for answer in answers:
        if answer.probabilities is None:
            continue
        predicted = card.classes[int(answer.probabilities.argmax())]
        probabilities = [f"{probability:.3f}" for probability in answer.probabilities]
        names = " ".join(dict.fromkeys((predicted.en, predicted.zh)))
        if answer.is_refused:
            names = terminal.text("gate.marked", names=names)
        table.append([answer.number, answer.path, names, *probabilities])
        if answer.truth:
            sentences.append((answer.number, shown[answer.truth], shown[predicted.name]))
    headings = [terminal.text(f"prediction.{name}") for name in ("number", "film", "label")]
    if table:
        terminal.table([*headings, *shown.values()], table, left=3)
    for number, truth, predicted_name in sentences:
        terminal.say("prediction.sentence", number=number, truth=truth, predicted=predicted_name)
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


def answers_summary(
    answers: Sequence[Answer], card: Card, language: str, predictive: Mapping[str, Any], *, maps: bool
) -> list[dict[str, Any]]:
    """The answers for --json.

    With the predictive values of some classes also what each film is called there; where maps were written, with what
    the model file says against them.
    """
    map_warning = (card.map_warning(language) if maps else "") or None
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


def _classes_summary(answer: Answer, card: Card, predictive: Mapping[str, Any]) -> dict[str, Any]:
    """What the model says of a film's class; every entry is None where it says nothing."""
    if answer.probabilities is None:
        return dict.fromkeys(("predicted", "probabilities", "set", "called"))
    probability_of = dict(zip(card.class_names, answer.probabilities.tolist(), strict=True))
    return {
        "predicted": max(probability_of, key=probability_of.__getitem__),
        "probabilities": probability_of,
        "set": None if answer.set is None else [card.class_names[number] for number in answer.set],
        "called": {name: called(probability_of[name], entry["points"]) for name, entry in predictive.items()},
    }
