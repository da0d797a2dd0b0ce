"""Probabilities for films from a model file, without plainfilm: python answer.py model.onnx film.png ...

Written from docs/model-file.md. It takes 8-bit grey and RGB images (PNG, JPEG) and 16-bit grey PNG.
"""

import hashlib
import json
import re
import sys

import numpy as np
import onnxruntime
from PIL import Image, ImageOps


def grey(path: str) -> Image.Image:
    """A film, 8 bits, low is black."""
    with Image.open(path) as image:
        image.load()
        if image.mode.startswith("I;16"):
            with open(path, "rb") as file:
                head = file.read().partition(b"IDAT")[0]
            samples, sbit = np.asarray(image), head.find(b"sBIT")
            bits = head[sbit + 4] if sbit > 0 else 16
            highest = int(samples.max())
            white = 2**bits - 1 if bits < 16 and highest < 2**bits else 65535 if highest >= 2**15 else highest or 1
            scaled = samples.astype(np.float32) / np.float32(white) * np.float32(255)
            return Image.fromarray(np.rint(scaled).astype(np.uint8))
        if image.mode not in ("L", "RGB") or "transparency" in image.info:
            sys.exit(f"{path}: {image.mode} is not covered here")
        return ImageOps.exif_transpose(image).convert("L")


def square(film: Image.Image, size: int, fit: str) -> np.ndarray:
    """(S, S) uint8."""
    scale = size / max(film.size)
    width, height = (max(1, round(side * scale)) if fit == "letterbox" else size for side in film.size)
    canvas = np.zeros((size, size), np.uint8)
    top, left = (size - height) // 2, (size - width) // 2
    sideways = film.resize((width, film.height), Image.Resampling.LANCZOS)
    canvas[top : top + height, left : left + width] = sideways.resize((width, height), Image.Resampling.LANCZOS)
    return canvas


with open(sys.argv[1], "rb") as file:
    model = file.read()
(digest,) = re.finditer(rb"\x0a\x10plainfilm\.sha256\x12\x40([0-9a-f]{64})", model)
zeroed = model[: digest.start(1)] + b"0" * 64 + model[digest.end(1) :]
if hashlib.sha256(zeroed).hexdigest() != digest[1].decode():
    sys.exit("the model file is damaged")
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
card = json.loads(session.get_modelmeta().custom_metadata_map["plainfilm"])
wanted, temperature = card["preprocessing"], (card["calibration"] or {}).get("temperature", 1.0)
for path in sys.argv[2:]:
    plane = square(grey(path), wanted["size"], wanted["fit"])
    (logits,) = session.run(["logits"], {"pixels": np.repeat(plane[None, None], wanted["channels"], axis=1)})
    powers = np.exp((logits[0] - logits[0].max()).astype(np.float64) / temperature)
    names = [entry["name"] for entry in card["classes"]]
    print(json.dumps(dict(zip(names, (powers / powers.sum()).tolist(), strict=True))))
