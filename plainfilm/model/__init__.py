"""Networks, weights, the model file and the predictor.

ONNX Runtime (from 1.32 on, at the latest) notes each process and session in the user's home, under a lasting number of
the machine, and sends that to its maker. From here nothing is sent: that is set before any module loads it.
"""

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"
