"""Training speed beside the tutorial's own program: images a second and a CPU second, interleaved in one run.

Both train ResNet-50 on the same archive: RGB, 224 px, batch 32, the tutorial's augmentation, Adam. Each round runs the
tutorial's program (PaddlePaddle, in an environment of its own) and then this project's training step, in float32 and,
where the processor multiplies it natively, in bfloat16; each measures its steps after a warm-up step, in a process of
its own.

    python3 -m venv paddle-env && paddle-env/bin/pip install paddlepaddle pillow
    python benchmarks/train_speed.py input_data.zip --paddle paddle-env/bin/python --program tutorial_paddle.py
"""

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from statistics import mean

BATCH_SIZE = 32
DEPTH = 50
SIZE_PX = 224
GOALS = {"wall": 7.0, "cpu": 3.4}  # times the tutorial's program


def measure_ours(archive: Path, precision: str, steps: int) -> dict[str, float]:
    """Images a second and CPU seconds an image of `steps` steps after one warm-up step, in this process."""
    import numpy as np
    import torch

    from plainfilm.config import parse_recipe
    from plainfilm.data.decoding.film_file import decode
    from plainfilm.data.film_index import Index, Row
    from plainfilm.data.films import Films
    from plainfilm.data.preprocessing import preprocess
    from plainfilm.data.sources.listing import list_films
    from plainfilm.training import hardware
    from plainfilm.training.batches import Batches
    from plainfilm.training.loop import DTYPES, optimise
    from plainfilm.training.schedule import make_plan
    from plainfilm.training.state import new_state

    recipe = parse_recipe(
        f"""
        data.channels = 3
        augment.policy = "tutorial"
        model = {{depth = {DEPTH}, init = "tutorial"}}
        [training]
        sizes_px = [{SIZE_PX}]
        epochs = [1]
        batch_size = {BATCH_SIZE}
        optimizer = "adam"
        learning_rate = 3e-4
        """
    )
    listing = list_films([archive])
    entries = listing.entries[:: len(listing.entries) // (BATCH_SIZE * (steps + 1)) or 1]
    store = np.stack([preprocess(decode(listing.read(entry)).pixels, size=SIZE_PX)[0] for entry in entries])
    labels = tuple(sorted({entry.label for entry in entries}))
    rows = tuple(Row(image_id=entry.path, label=entry.label, split="train") for entry in entries)
    films = Films.of(Index(rows, (), labels, {"kind": "grouped"}), store)
    hardware.keep_freed_memory()
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    state = new_state(recipe, len(labels), torch.device("cpu"))
    batches = Batches(recipe, films, make_plan(recipe.training, len(entries) // BATCH_SIZE))
    weights = torch.ones(len(labels))
    for step in range(steps + 1):
        if step == 1:  # the first step warms up
            wall, cpu = time.perf_counter(), time.process_time()
        optimise(state, batches[step], 3e-4, recipe, weights, DTYPES[precision])
    images = steps * BATCH_SIZE
    return {"wall": images / (time.perf_counter() - wall), "cpu": images / (time.process_time() - cpu)}


def run_ours(archive: Path, precision: str, steps: int) -> dict[str, float]:
    """`measure_ours` in a process of its own."""
    command = [sys.executable, __file__, str(archive), "--ours", precision, "--steps", str(steps)]
    answer: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return answer


def run_tutorial(python: str, program: Path, folder: Path, steps: int) -> dict[str, float]:
    """Images a second and a CPU second of the tutorial's program."""
    command = [python, str(program), str(folder), "--depth", str(DEPTH), "--batch-size", str(BATCH_SIZE)]
    printed = subprocess.run([*command, "--steps", str(steps)], check=True, capture_output=True, text=True).stdout
    found = re.search(r"([\d.]+) images/s wall, ([\d.]+) CPU s/image", printed)
    assert found is not None, printed
    return {"wall": float(found[1]), "cpu": 1 / float(found[2])}


def native_precisions() -> list[str]:
    """float32, and bfloat16 where the processor multiplies it natively."""
    import torch

    from plainfilm.training.hardware import resolve_precision

    return list(dict.fromkeys(["float32", resolve_precision("auto", torch.device("cpu"))]))


def main() -> None:
    """Print a table of ratios, a row a precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="the tutorial's archive: input_data/CLASS/*.png in a zip")
    parser.add_argument("--paddle", default="paddle-env/bin/python", help="a Python that has paddlepaddle")
    parser.add_argument("--program", type=Path, default=Path("../shared/baseline/tutorial_paddle.py"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=6, help="of ours; the tutorial's program does one a round")
    parser.add_argument("--ours", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ours:
        print(json.dumps(measure_ours(options.archive, options.ours, options.steps)))
        return
    found: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(options.archive) as archive:
            for name in archive.namelist():
                archive.extract(name, folder)
        (data,) = (path for path in Path(folder).iterdir() if path.is_dir())
        for number in range(options.rounds):
            found.setdefault("tutorial", []).append(run_tutorial(options.paddle, options.program, data, 1))
            for precision in native_precisions():
                found.setdefault(precision, []).append(run_ours(options.archive, precision, options.steps))
            print(
                f"round {number + 1} of {options.rounds}",
                {name: runs[-1] for name, runs in found.items()},
                file=sys.stderr,
            )
    print(f"{time.strftime('%Y-%m-%d')}, {platform.processor() or platform.machine()}, {os.cpu_count()} processors")
    print(f"ResNet-{DEPTH}, {SIZE_PX} px, batch {BATCH_SIZE}, augmented; mean (range) of {options.rounds} rounds")
    for name, runs in found.items():
        line = f"{name:10s}"
        for measure in ("wall", "cpu"):
            ratios = [run[measure] / base[measure] for run, base in zip(runs, found["tutorial"], strict=True)]
            line += f"  images/{measure} s {mean(run[measure] for run in runs):6.3f}"
            line += f"  ratio {mean(ratios):5.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
        print(line)
    print(f"goals: {GOALS['wall']} times the images a second, {GOALS['cpu']} times the images a CPU second")


if __name__ == "__main__":
    main()
