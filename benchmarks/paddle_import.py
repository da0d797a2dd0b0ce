"""Does a model file that was imported from the tutorial's weights say what PaddlePaddle says of the same input tensors?

    paddle-env/bin/python tutorial_paddle.py input_data/ --depth 18 --steps 3 --save ResNet.pdparams --logits logits.npz
    python benchmarks/paddle_import.py ResNet.pdparams logits.npz

The first line is the tutorial's own program, in an environment that has PaddlePaddle: it trains for a few steps and
writes the weights, and for 64 films the float32 input tensors and the logits. The second imports the weights into a
model file and runs that, by ONNX Runtime, on the same tensors: they are pixels / 255, so the pixels are found
back exactly. Exits with 1 where a logit differs by more than the goal.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np

from plainfilm.model.predictor import Predictor
from plainfilm.workflows.weights_import import import_weights

GOAL = 1e-4  # the largest difference of a logit


def pixels_of(inputs: np.ndarray) -> np.ndarray:
    """The uint8 pixels (N, C, S, S) of float32 tensors that are pixels / 255, exactly."""
    pixels = np.round(inputs * 255).astype(np.uint8)
    assert np.array_equal(pixels.astype(np.float32) / 255, inputs), "the tensors are not pixels / 255"
    return pixels


def compare(checkpoint: Path, logits: Path) -> float:
    """Import, answer, print; returns the largest difference of a logit."""
    with np.load(logits) as written, tempfile.TemporaryDirectory() as folder:
        inputs, expected = written["inputs"], written["logits"]
        model = Path(folder) / "model.onnx"
        imported = import_weights(checkpoint, model, classes=None, size_px=inputs.shape[-1])
        found = Predictor(model).answer(pixels_of(inputs)).logits
    difference = np.abs(found - expected)
    same = int((found.argmax(axis=1) == expected.argmax(axis=1)).sum())
    print(
        f"ResNet-{imported.weights.depth}: {len(inputs)} films, largest difference of a logit {difference.max():.1e} "
        f"(median {np.median(difference):.1e}); logits {expected.min():.1f} to {expected.max():.1f}; "
        f"same class for {same}"
    )
    return float(difference.max())


def main() -> None:
    """Compare, and exit with 1 where the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("logits", type=Path)
    arguments = parser.parse_args()
    difference = compare(arguments.checkpoint, arguments.logits)
    is_met = difference <= GOAL  # not met by NaN
    print(f"goal {GOAL}: {'met' if is_met else 'MISSED'}")
    sys.exit(not is_met)


if __name__ == "__main__":
    main()
