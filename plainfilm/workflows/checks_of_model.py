"""What a model file says of itself, and what is wrong with it."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from plainfilm.model.card import Card
from plainfilm.model.predictor import Predictor
from plainfilm.present.findings import Finding, note, ok, problem


def look_at_model(path: Path) -> Iterator[Finding]:
    """What is found in a model file. Raises ModelFileError if it cannot be used."""
    predictor = Predictor(path)
    card = predictor.card
    wanted = card.preprocessing
    yield ok("doctor.model", version=card.format_version, weights=card.weights_sha256[:16])
    yield ok("doctor.model-classes", classes=", ".join(card.class_names))
    yield ok("doctor.model-pixels", size=wanted.size, channels=wanted.channels, fit=wanted.fit)
    blank = predictor.answer(np.zeros((1, wanted.channels, wanted.size, wanted.size), np.uint8))
    if not all(np.isfinite(part).all() for part in (blank.logits, blank.class_maps, blank.features)):
        yield problem("doctor.model-not-finite")
    yield from _worth(card)
    packages = card.provenance.get("packages")
    if isinstance(packages, dict) and packages:
        made_with = ", ".join(f"{name} {version}" for name, version in packages.items())
        yield ok("doctor.model-packages", packages=made_with)
    else:
        yield note("doctor.model-no-packages")


def _worth(card: Card) -> Iterator[Finding]:
    """Tested, calibrated, guarded, its maps checked?"""
    estimate = None if card.evaluation is None else card.evaluation.overall["accuracy"]
    if estimate is None or not estimate.estimable:
        yield note("card.not-tested")
    else:
        low, high = 100 * estimate.low, 100 * estimate.high
        yield ok("doctor.model-tested", value=100 * estimate.value, low=low, high=high, n=estimate.n)
    if card.is_leaking:
        yield problem("evaluation.leaking")
    yield note("card.not-calibrated") if card.calibration is None else ok("doctor.model-calibrated")
    yield note("card.no-gate") if card.gate is None else ok("doctor.model-gate")
    finding = ok if card.map_health == "card.maps-faithful" else note
    yield finding(card.map_health, n=None if card.maps is None else card.maps.n, names=", ".join(card.doubted_maps))
