"""What is said of one film's findings: in which order, in which words, and as JSON.

Present findings come first, by how far they are above their threshold; undecided ones apart; absent ones after them,
by the same measure. A finding for which the fitted films were too few is last, named as such, and never counted as
absent.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from plainfilm.evaluation.known import MIN_POSITIVES
from plainfilm.messages import Listed, Words, say
from plainfilm.model.answer import Answer
from plainfilm.model.answering import STATES
from plainfilm.model.card import Card, ClassName
from plainfilm.model.findings import ABSENT, PRESENT, TOO_FEW, UNDECIDED, FindingDecision, FindingsCalibration
from plainfilm.present.statements import DENIED, hedged
from plainfilm.records import Object

ORDER = (PRESENT, UNDECIDED, ABSENT, TOO_FEW)
TINY = 1e-6
NAMED = 3  # findings in a headline


@dataclass(frozen=True)
class Shown:
    """One finding of one film."""

    number: int
    name: ClassName
    probability: float
    state: int | None  # None: the model is not calibrated
    decision: FindingDecision | None  # what was fitted for it; None: the model is not calibrated
    excess: float  # log-odds above what it is called present from, or else its share in the fitted films; or else 0

    @property
    def word(self) -> Words:
        """Its state."""
        return say("state.uncalibrated") if self.state is None else say(f"state.{STATES[self.state]}")

    @property
    def is_calibrated(self) -> bool:
        """Whether there were films enough to make a probability of what the model gives."""
        return self.decision is not None and self.decision.temperature is not None

    @property
    def is_bare(self) -> bool:
        """Whether nothing is decided because one of the two decisions had too few films to be fitted on."""
        lacks = self.decision is not None and None in (self.decision.present, self.decision.absent)
        return lacks and self.state in (UNDECIDED, TOO_FEW)

    @property
    def place(self) -> int:
        """Its place among the states: bare ones are last, whatever their state."""
        if self.state is None:
            return 0
        return len(ORDER) if self.is_bare else ORDER.index(self.state)


def findings_of(answer: Answer, card: Card) -> list[Shown]:
    """The findings of an answered film, in the order in which they are shown."""
    assert answer.probabilities is not None
    fitted: FindingsCalibration | None = card.calibration
    found = []
    for number, (name, probability) in enumerate(zip(card.classes, answer.probabilities.tolist(), strict=True)):
        decision = None if fitted is None else fitted.findings[number]
        threshold = None if decision is None else _threshold(decision)
        state = None if answer.set is None else answer.set[number]
        excess = 0.0 if threshold is None else _logit(probability) - _logit(threshold)
        found.append(Shown(number, name, probability, state, decision, excess))
    return sorted(found, key=lambda one: (one.place, -one.excess, -one.probability))


def _threshold(decision: FindingDecision) -> float | None:
    """Above which a finding is called present; its share in the fitted films if nothing can be."""
    above = decision.called_present_above
    return decision.prevalence if above is None else above


def _logit(probability: float) -> float:
    kept = min(max(probability, TINY), 1 - TINY)
    return math.log(kept / (1 - kept))


def in_state(found: Sequence[Shown], state: int) -> list[Shown]:
    """Those in one state."""
    return [one for one in found if one.state == state]


def _doubted(found: Sequence[Shown]) -> list[Shown]:
    """Those that are undecided though both of their decisions were fitted."""
    return [one for one in in_state(found, UNDECIDED) if not one.is_bare]


def names_of(found: Sequence[Shown]) -> Words:
    """Their display names."""
    return Listed(tuple(one.name for one in found))


def stance_of(answer: Answer, card: Card, place: str) -> str:
    """What stands behind the answer, as `statements.stance`: it is undecided if nothing is present, and some may be.

    What had too few films to be fitted is no doubt about this film: it is named apart.
    """
    if answer.is_refused:
        return "refused"
    if place == "abroad" or (answer.placed is not None and answer.placed.is_unlike):
        return "abroad"
    if answer.set is None or (PRESENT not in answer.set and _doubted(findings_of(answer, card))):
        return "undecided"
    return "home" if place == "home" and answer.placed is not None else "unproven"


def headline_of(answer: Answer, card: Card, place: str) -> Words:
    """What may be said in the largest letters: the findings that are present, never surer than what stands behind."""
    found, stance = findings_of(answer, card), stance_of(answer, card, place)
    if answer.set is None:
        most_probable = found[0].name
        return (
            hedged(stance, place, most_probable)
            if stance in DENIED
            else say("headline.uncalibrated", name=most_probable)
        )
    present = in_state(found, PRESENT)
    if present:
        said: Words = _called_present(present)
    elif _doubted(found):
        said = say("findings.undecided-count", count=len(in_state(found, UNDECIDED)), of=len(found))
    else:
        said = say("findings.none-present")
    return hedged(stance, place, said, is_sentence=stance in DENIED)


def _called_present(present: Sequence[Shown]) -> Words:
    """The first of the present findings: called so, for most films with a rare one are called so without having it."""
    names, more = names_of(present[:NAMED]), len(present) - NAMED
    key = "findings.called-more" if more > 0 else "findings.called-present"
    return say(key, names=names, count=more)


def sentences(answer: Answer, card: Card, *, with_numbers: bool = False) -> Iterator[Words]:
    """One sentence a state that any finding has; which of the present ones the test says little of.

    `with_numbers`: behind a present finding stands its probability, where it has one.
    """
    found = findings_of(answer, card)
    for state in ORDER:
        those = in_state(found, state)
        if those:
            numbered = with_numbers and state == PRESENT
            names = Listed(tuple(map(_numbered, those))) if numbered else names_of(those)
            yield say(f"findings.state.{STATES[state]}", names=names)
    if untested := [one for one in in_state(found, PRESENT) if _is_tested(one, card) is False]:
        yield say("findings.untested", names=names_of(untested), minimum=MIN_POSITIVES)


def _numbered(one: Shown) -> Words:
    return say("findings.numbered", name=one.name, number=one.probability) if one.is_calibrated else one.name


def _is_tested(one: Shown, card: Card) -> bool | None:
    """Whether enough films of the model's test have a finding for its figures to say much; None: nobody knows."""
    return None if card.macro_over is None else one.name.name in card.macro_over


def as_json(answer: Answer, card: Card, language: str) -> list[Object]:
    """The findings of an answered film, in their order; what was not fitted is None."""
    return [
        {
            "name": one.name.name,
            "shown": one.name.shown(language),
            "probability": one.probability,
            "calibrated": one.is_calibrated,
            "state": None if one.state is None else STATES[one.state],
            "state_words": one.word.shown(language),
            "threshold": None if one.decision is None else one.decision.called_present_above,
            "absent_below": None if one.decision is None else one.decision.called_absent_below,
            "excess": one.excess,
            "too_few": one.is_bare,
            "tested": _is_tested(one, card),
            "prevalence": None if one.decision is None else one.decision.prevalence,
            "positives": None if one.decision is None else one.decision.positives,
            "negatives": None if one.decision is None else one.decision.negatives,
        }
        for one in findings_of(answer, card)
    ]


def set_words_of(answer: Answer, card: Card) -> Words | None:
    """All of it in words, shortly."""
    return None if answer.set is None else Listed(tuple(sentences(answer, card)), "list.sentences")
