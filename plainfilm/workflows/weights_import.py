"""`plainfilm import`: weights from elsewhere -> a model file of ours, not tested and not calibrated."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from plainfilm.data import phantom
from plainfilm.data.preprocessing import preprocess
from plainfilm.errors import ModelFileError, OutputError, UsageError
from plainfilm.model import modelfile
from plainfilm.model.card import TUTORIAL_NAMES, Card, Preprocessing, class_names
from plainfilm.model.formats.weights import Weights, listed, network, read_weights
from plainfilm.model.predictor import Predictor
from plainfilm.workflows.fit import software

PARITY_SEED = 11
PARITY_FILMS_PER_CLASS = 2  # phantoms on which the model file is compared with the network


@dataclass(frozen=True)
class Imported:
    """A model file that was made from weights."""

    weights: Weights
    card: Card  # what the model file says of itself
    parity: float  # largest difference of a probability between network and model file


def import_weights(checkpoint: Path, out: Path, *, classes: Sequence[str] | None, size_px: int) -> Imported:
    """Write the model file `out` with the weights in `checkpoint`, for square films of `size_px`.

    `classes` name the outputs in their order; not given: the tutorial's three, for a checkpoint of the tutorial's.

    Raises OutputError if `out` exists already; UsageError if there are not as many different names as outputs;
    ModelFileError if the checkpoint cannot be used, or has no layer of classes, or one output only.
    """
    if out.exists():
        raise OutputError("file-exists", path=str(out))
    weights = read_weights(checkpoint)
    card = Card(
        classes=class_names(_classes(weights, classes)),
        preprocessing=Preprocessing(size_px, weights.channels, "squash"),
        weights_sha256="",
        provenance=replace(
            software(), imported={"kind": weights.kind, "layout": weights.layout, "sha256": weights.sha256}
        ),
    )
    net = network(weights)
    parity = modelfile.write(modelfile.from_network(out, net, card), net, _parity_films(card.preprocessing))
    return Imported(weights, Predictor(out).card, parity)


def _classes(weights: Weights, given: Sequence[str] | None) -> Sequence[str]:
    if weights.num_classes is None:
        raise ModelFileError(
            "weights-headless",
            path=weights.path,
            depth=weights.depth,
            features=weights.num_features,
            left=listed(weights.taken.left),
        )
    if weights.num_classes < 2:
        raise ModelFileError("classes-one", outputs=weights.num_classes)
    if given is None:
        if weights.layout == "tutorial" and weights.num_classes == len(TUTORIAL_NAMES):
            return tuple(TUTORIAL_NAMES)
        raise UsageError("classes-missing", outputs=weights.num_classes)
    if len(given) != weights.num_classes or len(set(given)) < len(given) or not all(given):
        raise UsageError("classes-other", given=", ".join(given), outputs=weights.num_classes)
    return given


def _parity_films(wanted: Preprocessing) -> NDArray[np.uint8]:
    """Phantoms as the network takes them, (N, C, S, S) uint8."""
    films = [
        phantom.draw(label, seed=PARITY_SEED, number=number)
        for label in phantom.CLASSES
        for number in range(PARITY_FILMS_PER_CLASS)
    ]
    return np.stack(
        [preprocess(film.pixels, size=wanted.size, channels=wanted.channels, fit=wanted.fit) for film in films]
    )
