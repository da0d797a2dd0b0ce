"""The int8 twin of a model file: static quantisation on real films, by ONNX Runtime's own quantiser.

Weights are int8, a scale for each channel; what flows between the layers is uint8, a scale for each tensor, as wide as
the films of the calibration made it. The head stays in float32: it is cheap, and the maps keep their exact relation to
the logits. Inputs, outputs and their names stay as they are.
"""

from collections.abc import Iterator

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process

from plainfilm.io import files
from plainfilm.model.modelfile import Model

CALIBRATION_BATCH = 16
HEAD = ["Conv:class_maps", "Add:logits"]  # the nodes of the head, see plainfilm.model.graph


class _Films(CalibrationDataReader):  # type: ignore[misc]
    """Hands films to the quantiser, batch after batch."""

    def __init__(self, films: NDArray[np.uint8]) -> None:
        self.batches: Iterator[NDArray[np.uint8]] = (
            films[start : start + CALIBRATION_BATCH] for start in range(0, len(films), CALIBRATION_BATCH)
        )

    def get_next(self) -> dict[str, NDArray[np.uint8]] | None:
        batch = next(self.batches, None)
        return None if batch is None else {"pixels": batch}


def to_int8(model: Model, films: NDArray[np.uint8]) -> onnx.ModelProto:
    """The graph of a model in int8, its ranges taken from films (N, C, S, S) uint8."""
    proto = onnx.ModelProto()
    proto.CopyFrom(model.proto)
    with files.temporary_folder() as folder:
        shaped, target = folder / "shaped.onnx", folder / "int8.onnx"
        quant_pre_process(proto, shaped, skip_optimization=True, skip_symbolic_shape=True)
        quantize_static(
            shaped,
            target,
            _Films(films),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv", "Add", "MaxPool"],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_exclude=HEAD,
        )
        proto = onnx.load(target)
    for initialiser in proto.graph.initializer:  # all as raw bytes, as in every file of ours
        initialiser.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(initialiser), initialiser.name))
    return proto
