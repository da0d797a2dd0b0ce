"""Speed of an answer beside ONNX Runtime's bare time for the same network, interleaved in one run.

    python benchmarks/answer_speed.py runs/fast/model.onnx input_data.zip [--int8 runs/fast/model-int8.onnx]

- one film: from PNG bytes to a Prediction with map and input check, beside `session.run` on the ready pixels;
- batches: `predict_many` from PNG bytes, decoding included, beside `session.run` on ready batches of the same size;
- a new process: `plainfilm predict` of one film, wall time and peak memory;
- memory: the films again and again until 10,000 are answered, resident memory after the first and the last thousand;
- with --int8: bare throughput of the int8 file beside the float one;
- with --options: the session options that were tried.
"""

import argparse
import gc
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from statistics import median

import numpy as np
import onnxruntime

from plainfilm.data.decoding.film_file import decode
from plainfilm.data.sources.listing import list_films
from plainfilm.model.modelfile import read
from plainfilm.model.predictor import BATCH_SIZE, Predictor
from plainfilm.randomness import generator

GOALS = {
    "one film": "at most 1.3",
    "batches": "at least 0.9",
    "new process": "at most 1.2 s and 300 MB",
    "int8": "at least 1.5",
}
# Linux counts the parent's memory as a child's, so a small parent stands between.
WATCH = """import resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"""
NUM_FILMS = 256
NUM_LASTING = 10_000
VARIANTS: dict[str, dict[str, object]] = {
    "as they come": {},
    "no spinning": {"session.intra_op.allow_spinning": "0"},
    "one thread": {"intra_op_num_threads": 1},
    "no memory pattern": {"enable_mem_pattern": False},
    "no arena": {"enable_cpu_mem_arena": False},
    "denormals are zero": {"session.set_denormal_as_zero": "1"},
}


def bare_session(path: Path, variant: dict[str, object] | None = None) -> onnxruntime.InferenceSession:
    """A session with ONNX Runtime's own defaults, but for the options of a variant."""
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    for name, value in (variant or {}).items():
        if "." in name:
            options.add_session_config_entry(name, str(value))
        else:
            setattr(options, name, value)
    return onnxruntime.InferenceSession(read(path), options, providers=["CPUExecutionProvider"])


def seconds(action: Callable[[], object]) -> float:
    """Wall time of an action."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


def interval(ratios: Sequence[float]) -> str:
    """The median of paired ratios with its 95 % bootstrap interval."""
    values = np.array(ratios)
    drawn = values[generator(0, "ratios").integers(len(values), size=(2000, len(values)))]
    low, high = np.quantile(np.median(drawn, axis=1), (0.025, 0.975))
    return f"{np.median(values):.2f} ({low:.2f} to {high:.2f}, n {len(values)})"


def run_all(session: onnxruntime.InferenceSession, pixels: np.ndarray) -> None:
    """The bare side: ready pixels (N, C, S, S) in the predictor's batches."""
    for start in range(0, len(pixels), BATCH_SIZE):
        session.run(None, {"pixels": pixels[start : start + BATCH_SIZE]})


def answer_all(predictor: Predictor, files: Sequence[bytes]) -> None:
    """Every film through `predict_many`; an error is our own mistake here."""
    for result in predictor.predict_many(lambda data=data: data for data in files):
        assert not isinstance(result, Exception), result


def one_film(
    predictor: Predictor, session: onnxruntime.InferenceSession, files: list[bytes], pixels: np.ndarray
) -> None:
    """Print the ratio for single films."""
    ours, bare = [], []
    for data, film in zip(files, pixels, strict=True):
        bare.append(seconds(lambda film=film: session.run(None, {"pixels": film[None]})))
        ours.append(seconds(lambda data=data: predictor.predict_bytes(data)))
    ratios = [mine / theirs for mine, theirs in zip(ours, bare, strict=True)]
    print(f"one film: {1e3 * median(ours):.2f} ms beside {1e3 * median(bare):.2f} ms; ratio {interval(ratios)}")


def throughput(
    predictor: Predictor, session: onnxruntime.InferenceSession, files: list[bytes], pixels: np.ndarray, rounds: int
) -> None:
    """Print the ratio for batches."""
    ours, bare = [], []
    for _ in range(rounds):
        bare.append(seconds(lambda: run_all(session, pixels)))
        ours.append(seconds(lambda: answer_all(predictor, files)))
    ratios = [theirs / mine for mine, theirs in zip(ours, bare, strict=True)]
    speeds = [len(files) / median(times) for times in (ours, bare)]
    print(f"batches of {BATCH_SIZE}: {speeds[0]:.0f} films/s beside {speeds[1]:.0f}; ratio {interval(ratios)}")


def new_process(model: Path, data: bytes, rounds: int) -> None:
    """Print wall time and peak memory of `plainfilm predict` of one film."""
    times, peaks = [], []
    with tempfile.TemporaryDirectory() as folder:
        film = Path(folder) / "film.png"
        film.write_bytes(data)
        for _ in range(rounds):
            command = [sys.executable, "-m", "plainfilm", "predict", str(model), str(film)]
            done = subprocess.run([sys.executable, "-c", WATCH, *command], capture_output=True, text=True, check=True)
            time_s, peak_kib = done.stdout.split()
            times.append(float(time_s))
            peaks.append(float(peak_kib) / 1024)
    spread = f"{min(times):.2f} to {max(times):.2f}"
    print(f"new process: {median(times):.2f} s ({spread}), {median(peaks):.0f} MiB; n {rounds}")


def resident_mib(process: int | str = "self") -> float:
    """Resident memory of a process, this one unless its number is given (Linux)."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def lasting(predictor: Predictor, files: list[bytes]) -> None:
    """Print the resident memory while 10,000 films are answered."""
    marks = []
    endless = cycle(files)
    for _ in range(NUM_LASTING // 1000):
        answer_all(predictor, list(islice(endless, 1000)))
        gc.collect()
        marks.append(resident_mib())
    print(f"memory: {marks[0]:.0f} MiB after 1,000 films, {marks[-1]:.0f} MiB after {NUM_LASTING:,}")


def compare(sessions: dict[str, onnxruntime.InferenceSession], pixels: np.ndarray, rounds: int) -> None:
    """Print single-film time and batch throughput of several sessions, each beside the first."""
    single: dict[str, list[float]] = {name: [] for name in sessions}
    many: dict[str, list[float]] = {name: [] for name in sessions}
    for number in range(rounds):
        for name, session in sessions.items():
            film = pixels[number : number + 1]
            answer = partial(session.run, None, {"pixels": film})
            single[name].append(median(seconds(answer) for _ in range(9)))
            many[name].append(seconds(partial(run_all, session, pixels)))
    first = next(iter(sessions))
    for name in sessions:
        ratios = [[base / own for base, own in zip(times[first], times[name], strict=True)] for times in (single, many)]
        print(
            f"{name:20s} one film {1e3 * median(single[name]):6.2f} ms, ratio {interval(ratios[0])}; "
            f"batches {len(pixels) / median(many[name]):5.0f} films/s, ratio {interval(ratios[1])}"
        )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("archive", type=Path, help="films: a folder or archive")
    parser.add_argument("--int8", type=Path, help="the int8 file of the same model")
    parser.add_argument("--options", action="store_true", help="compare session options instead")
    parser.add_argument("--rounds", type=int, default=9)
    given = parser.parse_args()
    predictor, session = Predictor(given.model), bare_session(given.model)
    listing = list_films([given.archive])
    entries = listing.entries[:: max(len(listing.entries) // NUM_FILMS, 1)][:NUM_FILMS]
    files = [listing.read(entry) for entry in entries]
    pixels = np.stack([predictor.preprocess(decode(data)) for data in files])
    processors = len(os.sched_getaffinity(0))
    machine = platform.processor() or platform.machine()
    print(f"{time.strftime('%Y-%m-%d')}, {machine}, {processors} processors, {len(files)} films")
    answer_all(predictor, files[:64])  # warm up both
    session.run(None, {"pixels": pixels[:BATCH_SIZE]})
    if given.options:
        compare({name: bare_session(given.model, variant) for name, variant in VARIANTS.items()}, pixels, given.rounds)
        return
    one_film(predictor, session, files, pixels)
    throughput(predictor, session, files, pixels, given.rounds)
    new_process(given.model, files[0], given.rounds)
    lasting(predictor, files)
    if given.int8:
        compare({"float": session, "int8": bare_session(given.int8)}, pixels, given.rounds)
    print("goals:", "; ".join(f"{name} {goal}" for name, goal in GOALS.items()))


if __name__ == "__main__":
    main()
