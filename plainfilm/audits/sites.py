"""Where the films come from: what it does to a score, and which questions the data cannot answer.

A class whose films come from one site alone cannot be told apart from that site; no analysis mends that, so such
questions are listed as not estimable, with the reason.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from plainfilm.audits.permutation import Parts
from plainfilm.audits.probes import logistic
from plainfilm.evaluation.intervals import shares
from plainfilm.evaluation.metrics import Floats, Integers

QUESTIONS = ("class-within-source", "source-left-out")


def not_estimable(labels: Integers, sites: Sequence[str], classes: Sequence[str]) -> list[dict[str, str]]:
    """The questions that N films of known class and site ("" if unknown) cannot answer, with the reason.

    - class-within-source: is a class told apart from the others if all come from one site? (no site holds both)
    - source-left-out: is a class recognised in a site that was not trained on? (it has one site alone)
    """
    classes_of: dict[str, set[int]] = defaultdict(set)
    for label, site in zip(labels.tolist(), sites, strict=True):
        if site:
            classes_of[site].add(label)
    found = []
    for index, name in enumerate(classes):
        own = sorted(site for site, held in classes_of.items() if index in held)
        known = {"class": name, "source": ", ".join(own)}
        if not own:
            found += [{"question": question, **known, "reason": "source-unknown"} for question in QUESTIONS]
            continue
        if all(len(classes_of[site]) == 1 for site in own):
            found.append({"question": "class-within-source", **known, "reason": "no-source-holds-both"})
        if len(own) == 1:
            found.append({"question": "source-left-out", **known, "reason": "one-source"})
    return found


def leave_one_site_out(
    columns: Floats,
    labels: Integers,
    sites: Sequence[str],
    groups: Sequence[str],
    classes: Sequence[str],
    usual: Integers,
) -> list[dict[str, Any]]:
    """For each class with several sites and each of them: how a probe does there that never saw that site.

    Args:
        columns: (N, D), what the probe sees.
        labels: (N,) class numbers.
        sites: (N,), "" if unknown.
        groups: (N,); a group with a film of the left-out site is left out whole.
        classes: K names.
        usual: (N,), what the probe says of each film in the audit's own split, -1 if that does not judge it.

    Returns:
        Rows `class`, `left_out`, `sensitivity` (of the class's films there), `usual` (the same films, the site also
        trained on) and `lost`: classes that have no other site, so that the probe cannot say them.
    """
    names, site_of = np.unique(np.asarray(sites), return_inverse=True)
    group_of_film = np.unique(np.asarray(groups), return_inverse=True)[1]
    found = []
    for left_out, site in enumerate(names.tolist()):
        recognised = [
            index
            for index in range(len(classes))
            if site
            and ((labels == index) & (site_of == left_out)).any()
            and _elsewhere(labels == index, site_of, names, left_out)
        ]
        if not recognised:
            continue
        train = np.flatnonzero(~np.isin(group_of_film, group_of_film[site_of == left_out]))
        left = np.flatnonzero(site_of == left_out)
        predicted = np.full(len(labels), -1)
        predicted[left] = logistic(columns[train], labels[train], columns[left], len(classes)).argmax(1)
        lost = [name for index, name in enumerate(classes) if not (labels[train] == index).any()]
        for index in recognised:
            counted = (site_of == left_out) & (labels == index)
            hits = np.column_stack([predicted == index, usual == index])
            one, other = shares(hits, np.column_stack([counted, counted & (usual >= 0)]), groups)
            row = {"class": classes[index], "left_out": site, "lost": lost}
            found.append(row | {"sensitivity": one.as_dict(), "usual": other.as_dict()})
    return found


def _elsewhere(of_class: np.ndarray, site_of: Integers, names: np.ndarray, left_out: int) -> bool:
    """Whether a class has films in another known site."""
    others = set(names[site_of[of_class]].tolist()) - {"", names[left_out]}
    return bool(others)


def site_from_features(
    features: Floats,
    labels: Integers,
    sites: Sequence[str],
    groups: Sequence[str],
    parts: Parts,
    classes: Sequence[str],
) -> dict[str, Any] | None:
    """How well a linear probe on a model's features (N, D) predicts the site of the judged films; None with one site.

    `accuracy` and `chance` (each class's commonest site) over all judged films, where a class may give its site
    away, and by class if it has several: there, nothing but the hospital is left to predict. Films with features
    that are not finite are left out.
    """
    names, site_of = np.unique(np.asarray(sites), return_inverse=True)
    usable = np.isfinite(features).all(1) & np.array([bool(site) for site in sites])
    predicted, common, judged_films = np.full(len(site_of), -1), np.full(len(site_of), -1), np.zeros(len(site_of), bool)
    for train, judged in parts:
        train, judged = train[usable[train]], judged[usable[judged]]
        if len(np.unique(site_of[train])) < 2 or not len(judged):
            return None
        predicted[judged] = logistic(features[train], site_of[train], features[judged], len(names)).argmax(1)
        judged_films[judged] = True
    for index in np.unique(labels[judged_films]):
        of_class = judged_films & (labels == index)
        common[of_class] = np.bincount(site_of[of_class]).argmax()
    hits = np.column_stack([predicted == site_of, common == site_of])
    several = [k for k in range(len(classes)) if len(set(site_of[usable & (labels == k)].tolist())) > 1]
    masks = [judged_films, *(judged_films & (labels == index) for index in several)]
    counted = np.repeat(np.column_stack(masks), 2, axis=1)
    estimates = [entry.as_dict() for entry in shares(np.tile(hits, len(masks)), counted, groups)]
    pairs = [{"accuracy": one, "chance": other} for one, other in zip(estimates[::2], estimates[1::2], strict=True)]
    by_class = {classes[index]: pair for index, pair in zip(several, pairs[1:], strict=True)}
    return pairs[0] | {"sources": len(set(site_of[usable].tolist())), "classes": by_class}
