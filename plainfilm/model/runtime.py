"""Whether ONNX Runtime works here: it runs the smallest of models."""

import numpy as np
import onnxruntime

from plainfilm.errors import ModelFileError

# An ONNX file whose one node is Relu: x float32 (3) -> y; a test writes it with the library onnx and compares.
TINY_MODEL = bytes.fromhex(
    "08093a360a0c0a0178120179220452656c75120474696e795a0f0a0178120a0a08080112040a020803620f0a0179120a"
    "0a08080112040a02080342040a001012"
)


def try_runtime() -> None:
    """Raise ModelFileError if ONNX Runtime does not compute max(x, 0)."""
    given = np.array([-1, 0, 2], np.float32)
    try:
        session = onnxruntime.InferenceSession(TINY_MODEL, providers=["CPUExecutionProvider"])
        (found,) = session.run(["y"], {"x": given})
    except Exception as error:  # onnxruntime's exceptions share no base of their own
        raise ModelFileError("runtime-broken", reason=str(error).splitlines()[0]) from error
    if not np.array_equal(found, np.maximum(given, 0)):
        raise ModelFileError("runtime-broken", reason=str(found.tolist()))
