"""Run by a Python that has OpenVINO and not plainfilm: python openvino_answer.py model.onnx films.npy answers.npz."""

import sys

import numpy as np
import openvino

core = openvino.Core()
compiled = core.compile_model(core.read_model(sys.argv[1]), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
found = compiled({"pixels": np.load(sys.argv[2])})
np.savez(sys.argv[3], **{name: found[name] for name in ("logits", "class_maps", "features")})
