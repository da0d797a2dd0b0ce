# %% setup
import json
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import numpy as np
import onnxruntime

import plainfilm
from plainfilm.course import PHANTOMS, REAL

films = {"sources": PHANTOMS / "films", "table": PHANTOMS / "films.csv"}
out = Path("runs/course")
run = plainfilm.train(resume=out) if out.exists() else plainfilm.train(**films, recipe="course", out=out, threads=1)
path = PHANTOMS / "films" / "COVID" / "COVID-0001.png"

# %% runtime
session = onnxruntime.InferenceSession(run.model, providers=["CPUExecutionProvider"])
card = json.loads(session.get_modelmeta().custom_metadata_map["plainfilm"])
film = plainfilm.decode(path.read_bytes()).pixels
pixels = plainfilm.preprocess(film, size=card["preprocessing"]["size"], channels=card["preprocessing"]["channels"])
logits, maps, features = session.run(["logits", "class_maps", "features"], {"pixels": pixels[None]})
scaled = logits[0].astype(float) / card["calibration"]["temperature"]
print([entry["name"] for entry in card["classes"]], (np.exp(scaled) / np.exp(scaled).sum()).round(4))

# %% same
print(plainfilm.load(run.model).predict_bytes(path.read_bytes()).probabilities.round(4))

# %% serve
command = [sys.executable, "-m", "plainfilm", "serve", run.model, "--port", "0"]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
    try:
        address = re.search(r"http://[\d.:]+", server.stdout.readline())[0]
        question = urllib.request.Request(f"{address}/v1/predictions", path.read_bytes(), {"Content-Type": "image/png"})
        with urllib.request.urlopen(question) as answer:
            said = json.load(answer)
    finally:
        server.terminate()
told = said["predictions"][0]
print({name: told[name] for name in ("predicted", "probabilities", "set", "set_words", "image_id")})

# %% report
print(plainfilm.report(run.folder))
print(*(run.folder / "MODEL_CARD.md").read_text().splitlines()[:12], sep="\n")

# %% real
if REAL:
    done = Path("runs/real-quick")
    quick = plainfilm.train(resume=done) if done.exists() else plainfilm.train(**REAL, recipe="quick", out=done)
    print(f"model file: {quick.model.stat().st_size / 1e6:.1f} MB, classes: {quick.card.class_names}")

# %% exercise
# your answer: True if the image id of the phantom stays the same after it was saved anew as a BMP file
same_film = None

# %% check
print("not yet" if same_film is None else "right" if same_film is True else "try again")

# %% solution
from PIL import Image

Image.fromarray(film).save("again.bmp")
ids = [answer.image_id for answer in plainfilm.predict(run.model, [path, "again.bmp"]).answers]
same_film = ids[0] == ids[1]
