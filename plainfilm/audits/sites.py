"""Where the films come from: what it does to a score, and which questions the data cannot answer.

A class whose films come from one source alone cannot be told from that source; no analysis mends that, so such
questions are listed as not estimable, with the reason.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from plainfilm.audits.permutation import Parts
from plainfilm.audits.probes import logistic
from plainfilm.estimate import Estimate
from plainfilm.evaluation.intervals import shares
from plainfilm.evaluation.metrics import Booleans, Floats, Integers

QUESTIONS = ("class-within-source", "source-left-out")


@dataclass(frozen=True)
class NotEstimable:
    """A question about a class and its sources that the data cannot answer, and why."""

    question: str
    class_: str
    source: str
    reason: str


@dataclass(frozen=True)
class LeftOut:
    """Of a class: its sensitivity in a source that the probe never saw, and of the same films with the source."""

    class_: str
    left_out: str
    lost: tuple[str, ...]  # classes that have no other source, so that the probe cannot say them
    sensitivity: Estimate
    usual: Estimate


@dataclass(frozen=True)
class Told:
    """How often the source is told, and how often by each class's commonest source."""

    accuracy: Estimate
    chance: Estimate | None


@dataclass(frozen=True)
class ToldSource(Told):
    """Of all judged films, if a class may give its source away; and of those of each class that has several."""

    sources: int | None
    classes: Mapping[str, Told]


def not_estimable(labels: Integers, sources: Sequence[str], classes: Sequence[str]) -> tuple[NotEstimable, ...]:
    """The questions that N films of known class and source ("" if unknown) cannot answer, with the reason.

    - class-within-source: is a class told from the others if all come from one source? (no source holds both)
    - source-left-out: is a class recognised in a source that was not trained on? (it has one source alone)
    """
    classes_of: dict[str, set[int]] = defaultdict(set)
    for label, source in zip(labels.tolist(), sources, strict=True):
        if source:
            classes_of[source].add(label)
    found = []
    for number, name in enumerate(classes):
        own = sorted(source for source, held in classes_of.items() if number in held)
        known = name, ", ".join(own)
        if not own:
            found += [NotEstimable(question, *known, "source-unknown") for question in QUESTIONS]
            continue
        if all(len(classes_of[source]) == 1 for source in own):
            found.append(NotEstimable("class-within-source", *known, "no-source-holds-both"))
        if len(own) == 1:
            found.append(NotEstimable("source-left-out", *known, "one-source"))
    return tuple(found)


def leave_one_site_out(
    columns: Floats,
    labels: Integers,
    sources: Sequence[str],
    groups: Sequence[str],
    classes: Sequence[str],
    usual: Integers,
) -> tuple[LeftOut, ...]:
    """For each class with several sources and each of them: how a probe does there that never saw that source.

    Args:
        columns: (N, D), what the probe sees.
        labels: (N,) class numbers.
        sources: (N,), "" if unknown.
        groups: (N,); a group with a film of the left-out source is left out whole.
        classes: K names.
        usual: (N,), what the probe says of each film in the audit's own split, -1 if that does not judge it.
    """
    names, where = np.unique(np.asarray(sources), return_inverse=True)
    group_of_film = np.unique(np.asarray(groups), return_inverse=True)[1]
    found = []
    for place, source in enumerate(names.tolist()):
        told = [
            number
            for number in range(len(classes))
            if source
            and ((labels == number) & (where == place)).any()
            and _elsewhere(labels == number, where, names, place)
        ]
        if not told:
            continue
        train = np.flatnonzero(~np.isin(group_of_film, group_of_film[where == place]))
        left = np.flatnonzero(where == place)
        predicted = np.full(len(labels), -1)
        predicted[left] = logistic(columns[train], labels[train], columns[left], len(classes)).argmax(1)
        lost = tuple(name for number, name in enumerate(classes) if not (labels[train] == number).any())
        for number in told:
            counted = (where == place) & (labels == number)
            hits = np.column_stack([predicted == number, usual == number])
            one, other = shares(hits, np.column_stack([counted, counted & (usual >= 0)]), groups)
            found.append(LeftOut(classes[number], source, lost, one, other))
    return tuple(found)


def _elsewhere(of_class: Booleans, where: Integers, names: NDArray[np.str_], place: int) -> bool:
    """Whether a class has films in another known source."""
    others = set(names[where[of_class]].tolist()) - {"", names[place]}
    return bool(others)


def site_from_features(
    features: Floats,
    labels: Integers,
    sources: Sequence[str],
    groups: Sequence[str],
    parts: Parts,
    classes: Sequence[str],
) -> ToldSource | None:
    """How well a linear probe of a model's features (N, D) tells the source of the judged films; None with one source.

    Within a class nothing but the hospital is left to be told. Films with features that are not finite are left out.
    """
    names, where = np.unique(np.asarray(sources), return_inverse=True)
    usable = np.isfinite(features).all(1) & np.array([bool(source) for source in sources])
    predicted, common, judged_films = np.full(len(where), -1), np.full(len(where), -1), np.zeros(len(where), bool)
    for train, judged in parts:
        train, judged = train[usable[train]], judged[usable[judged]]
        if len(np.unique(where[train])) < 2 or not len(judged):
            return None
        predicted[judged] = logistic(features[train], where[train], features[judged], len(names)).argmax(1)
        judged_films[judged] = True
    for number in np.unique(labels[judged_films]):
        of_class = judged_films & (labels == number)
        common[of_class] = np.bincount(where[of_class]).argmax()
    hits = np.column_stack([predicted == where, common == where])
    several = [k for k in range(len(classes)) if len(set(where[usable & (labels == k)].tolist())) > 1]
    masks = [judged_films, *(judged_films & (labels == number) for number in several)]
    counted = np.repeat(np.column_stack(masks), 2, axis=1)
    estimates = shares(np.tile(hits, len(masks)), counted, groups)
    overall, *pairs = map(Told, estimates[::2], estimates[1::2])
    by_class = {classes[number]: pair for number, pair in zip(several, pairs, strict=True)}
    return ToldSource(**vars(overall), sources=len(set(where[usable].tolist())), classes=by_class)
