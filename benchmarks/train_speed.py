"""Training ResNet-50 beside the tutorial's own program: one measurement of either.

Both: the tutorial's films, RGB, 224 px, batches of 64, its augmentation, Adam. Each measures its steps after one that
warms up, in a process of its own. `bench.py` does them in turn:

    python benchmarks/train_speed.py input_data.zip PRECISION STEPS
"""

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import torch

from plainfilm.config import load_recipe
from plainfilm.data.decoding.film_file import decode
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.data.preprocessing import preprocess
from plainfilm.data.sources.listing import list_films
from plainfilm.training import hardware
from plainfilm.training.batches import Batches
from plainfilm.training.loop import DTYPES, optimise
from plainfilm.training.objective import CrossEntropy
from plainfilm.training.schedule import make_plan
from plainfilm.training.state import new_state

Speed = dict[str, float]  # films a second by the clock, and a CPU second; of the tutorial's, how many it trains on


def ours(archive: Path, precision: str, steps: int) -> Speed:
    """The steps of `plainfilm train --recipe tutorial`."""
    recipe = load_recipe("tutorial")
    (size_px,), batch_size = recipe.training.sizes_px, recipe.training.batch_size
    listing = list_films([archive])
    entries = listing.entries[:: len(listing.entries) // (batch_size * (steps + 1)) or 1]
    store = np.stack([preprocess(decode(listing.read(entry)).pixels, size=size_px)[0] for entry in entries])
    labels = tuple(sorted({entry.label for entry in entries}))
    rows = tuple(Row(image_id=entry.path, label=entry.label, split="train") for entry in entries)
    films = Films.of(Index(rows, (), labels, {"kind": "grouped"}), store)
    hardware.keep_freed_memory()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    state = new_state(recipe, len(labels), torch.device("cpu"))
    batches = Batches(recipe, films, make_plan(recipe.training, len(entries) // batch_size))
    objective = CrossEntropy(recipe.training, films, torch.device("cpu"))
    for step in range(steps + 1):
        if step == 1:
            began, cpu_began = time.perf_counter(), time.process_time()
        optimise(state, batches[step], 3e-4, recipe, objective, DTYPES[precision])
    count = steps * batch_size
    return {"second": count / (time.perf_counter() - began), "CPU second": count / (time.process_time() - cpu_began)}


def tutorial(python: Path, program: Path, folder: Path, steps: int) -> Speed:
    """The tutorial's program on the unzipped archive; `python`: one that has PaddlePaddle."""
    command = [str(python), str(program), str(folder), "--steps", str(steps)]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    films = re.search(r"train (\d+)", printed)
    speed = re.search(r"([\d.]+) images/s wall, ([\d.]+) CPU s/image", printed)
    assert films is not None, printed
    assert speed is not None, printed
    return {"films": float(films[1]), "second": float(speed[1]), "CPU second": 1 / float(speed[2])}


def native_precisions() -> list[str]:
    """float32, and bfloat16 where the processor multiplies it natively."""
    return list(dict.fromkeys(["float32", hardware.resolve_precision("auto", torch.device("cpu"))]))


if __name__ == "__main__":
    print(json.dumps(ours(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))))
