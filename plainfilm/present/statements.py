"""Sentences about answers and models that the terminal, the page, the API and the DICOM node all say."""

from collections.abc import Sequence
from functools import reduce

from plainfilm.evaluation.expected import MAX_OFF, METHODS
from plainfilm.messages import Listed, Translated, Words, say
from plainfilm.model.answer import Answer
from plainfilm.model.card import Audited, Card, Guessed
from plainfilm.model.input_check import Verdict
from plainfilm.model.shift import MIN_FILMS, Shift
from plainfilm.present.words import label
from plainfilm.records import Object, as_dict
from plainfilm.task import task_of

DENIED = ("refused", "abroad")
"""Stances behind which nothing is promised."""


def set_words(members: Sequence[int], card: Card) -> Words:
    """A film's set in words.

    A single class, "viral pneumonia or COVID-19: not decided", "no class ruled out: not decided", "not sure enough of
    any class: not decided".
    """
    if len(members) == len(card.classes):
        return say("sets.any")
    if not members:
        return say("sets.empty")
    names = _either(members, card)
    return names if len(members) == 1 else say("sets.undecided", names=names)


def _either(members: Sequence[int], card: Card) -> Words:
    """Classes joined by "or"."""
    names: list[Words] = [card.classes[number] for number in members]
    return reduce(lambda first, second: say("sets.or", first=first, second=second), names)


def stance(answer: Answer, place: str) -> str:
    """What stands behind an answered film: "refused" by the input check, "abroad", "undecided", "unproven", or "home".

    `place`: of the films that it came with, see `place_of`; one film may be unlike home by itself. "unproven": some
    class is ruled out, and nobody knows whether the film comes from a place like home, where that would hold.
    """
    if answer.is_refused:
        return "refused"
    if place == "abroad" or (answer.placed is not None and answer.placed.is_unlike):
        return "abroad"
    if answer.set is None or answer.probabilities is None or len(answer.set) in (0, len(answer.probabilities)):
        return "undecided"
    if place != "home" or answer.placed is None:
        return "unproven"
    return "home" if len(answer.set) == 1 else "undecided"


def headline(answer: Answer, card: Card, place: str) -> Words:
    """What may be said of an answered film in the largest letters: never surer than what stands behind it."""
    found, most_probable = stance(answer, place), card.classes[answer.predicted]
    if found in DENIED:
        return hedged(found, place, most_probable)
    if answer.set is None:
        return say("headline.uncalibrated", name=most_probable)
    return hedged(found, place, _either(answer.set, card)) if found == "unproven" else set_words(answer.set, card)


def hedged(found: str, place: str, name: Words, *, is_sentence: bool = False) -> Words:
    """What an answer says, behind what is to be said against it: see `stance`; `is_sentence`: `name` has a colon."""
    if found in ("home", "undecided"):
        return name
    is_alone = found == "abroad" and place != "abroad"
    end = "unlike" if is_alone else found
    return say(f"findings.headline.{end}" if is_sentence else f"headline.{end}", name=name)


def shift_words(shift: Shift | None, *, served: bool = False) -> Words:
    """Whether films are like those of the model's home; None: the model cannot say.

    `served`: the films are those that a server answered, whoever sent them, and not those of one command.
    """
    if shift is None:
        return say("card.no-shift")
    if shift.distance is None:
        return say("shift.too-few", films=shift.films, minimum=MIN_FILMS)
    moved = Listed(tuple(say(f"shift.{name}") for name in shift.moved)) if shift.moved else say("shift.together")
    key = f"shift.served-{shift.verdict}" if served else f"shift.{shift.verdict}"
    return say(key, films=shift.films, distance=shift.distance, moved=moved)


def with_message(record: Shift | Guessed, words: Words, language: str) -> Object:
    """A record as JSON has it, with the sentence that says it."""
    return {**as_dict(record), "message": words.shown(language)}


def guess_words(guessed: Guessed, card: Card) -> Words:
    """What accuracy is to be expected, always beside the record of such guesses; none if that is bad, or missing."""
    if not card.track_record:
        return say("guess.no-record")
    worst = {
        name: max(abs(getattr(entry.guessed, name).value - entry.accuracy.value) for entry in card.track_record)
        for name in METHODS
    }
    method = min(METHODS, key=lambda name: worst[name])
    key = "guess.shown" if worst[method] <= MAX_OFF else "guess.bad-record"
    figures = getattr(guessed, method).in_percent()
    return say(key, accuracy=figures, off=100 * worst[method], sites=len(card.track_record))


def reasons(verdict: Verdict) -> Words:
    """Why the input check refuses a film."""
    return Listed(tuple(say(code) for code in verdict.reasons), "gate.and")


def about_model(card: Card) -> list[Words]:
    """What a model is not for, what it knows, what it is worth, how it was audited, whether it is calibrated.

    Then what it cannot tell apart, and where the films come from that it learned from.
    """
    showing = task_of(card.task_kind).showing
    found: list[Words] = [say("card.not-for-diagnosis"), showing.known(card)]
    found.append(say("card.not-tested") if card.evaluation is None else showing.tested(card))
    if card.is_leaking:
        found.append(say("evaluation.leaking"))
    found += about_base(card)
    found.append(showing.audited(card))
    found.append(say("card.not-calibrated") if card.calibration is None else showing.calibrated(card))
    if card.gate is None:
        found.append(say("card.no-gate"))
    if card.shift is None:
        found.append(say("card.no-shift"))
    for lone, others in (card.ties or {}).items():
        found.append(say("card.tied", lone=card.shown(lone), others=Listed(tuple(map(card.shown, others)))))
    for source in card.sources or ():
        name, terms = Translated(source.name), Translated(source.terms)
        found.append(say("card.source", name=name, terms=terms, citation=source.citation))
    return found


def about_audit(audited: Audited | None) -> Words:
    """How much of what a model adds over chance is to be had without seeing a lung."""
    if audited is None:
        return say("card.not-audited")
    key = "card.audited" if audited.share.estimable else "card.audited-no-share"
    figures = {name: getattr(audited, name).in_percent() for name in ("accuracy", "chance", "model", "share")}
    return say(key, view=label("view.", audited.view), **figures)


def about_base(card: Card) -> list[Words]:
    """That nobody knows what a model saw before its training, if it began with given weights."""
    return [] if card.seen is None or card.seen.base_known else [say("card.base-unknown")]


def about_maps(card: Card) -> Words:
    """What a model's class maps are worth."""
    if card.map_health == "card.maps-faithful":
        assert card.maps is not None
        return say("card.maps-faithful", n=card.maps.n)
    return card.map_warning
