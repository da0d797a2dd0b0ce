"""The speeds that the documents name: measured in turn, and written into docs/benchmarks.md.

    python benchmarks/bench.py ARCHIVE --table metadata.csv --paddle PYTHON --program tutorial_paddle.py --out DIR

A round does each measurement once, one after the other, so that a slow minute of the machine meets both sides; figures
are medians over rounds, ratios are those of a round, with their range. A round is a file in --out: what was measured is
not measured again, so a stopped bench goes on. How busy other programs kept the processors is measured with it.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from statistics import median

import run_log
import train_speed
import train_step
import written_tables

from plainfilm.config import load_recipe
from plainfilm.data.sources.listing import list_films

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
MARKS = ("<!-- table: benchmarks/bench.py -->", "<!-- end of table -->")
EPOCHS = 8  # of the tutorial's
STEPS_TUTORIAL, STEPS_OURS = 4, 8  # a round
Numbers = dict[str, float]
Rounds = dict[str, list[Numbers]]  # by measurement, in the order of the rounds


@dataclass(frozen=True)
class Inputs:
    """What is measured on."""

    archive: Path
    table: Path
    paddle: Path  # a Python that has PaddlePaddle
    program: Path  # the tutorial's
    unzipped: Path
    drawn: Path
    runs: Path


def unzip(archive: Path, folder: Path) -> None:
    """The films of an archive in a folder for each class, as the tutorial's program reads them."""
    listing = list_films([archive])
    for entry in listing.entries:
        path = folder / entry.label / Path(entry.path).name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(listing.read(entry))


def measurements(inputs: Inputs) -> dict[str, Callable[[], Numbers]]:
    """What a round does, in this order."""
    precisions = train_speed.native_precisions()
    found: dict[str, Callable[[], Numbers]] = {
        "tutorial": lambda: train_speed.tutorial(inputs.paddle, inputs.program, inputs.unzipped, STEPS_TUTORIAL)
    }
    for precision in precisions:
        found[precision] = script("train_speed.py", inputs.archive, precision, STEPS_OURS)
    found["quick"] = lambda: quick(inputs)
    for case in train_step.CASES:
        for precision in precisions:
            for kind in train_step.KINDS:
                found[f"{case}, {precision}, {kind}"] = script("train_step.py", inputs.drawn, case, precision, kind)
    return found


def script(name: str, *words: object) -> Callable[[], Numbers]:
    """A measurement of a script of this folder, in a process of its own."""
    command = [sys.executable, str(HERE / name), *map(str, words)]

    def measure() -> Numbers:
        numbers: Numbers = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        return numbers

    return measure


def quick(inputs: Inputs) -> Numbers:
    """`plainfilm train --recipe quick` on fold 0 of 5, from the archive to the report."""
    with tempfile.TemporaryDirectory(dir=inputs.runs) as folder:
        recipe = load_recipe("quick")
        fold = replace(recipe, split=replace(recipe.split, kind="folds", folds=5, fold=0))
        (Path(folder) / "fold.toml").write_text(fold.to_toml())
        command = [sys.executable, "-m", "plainfilm", "train", inputs.archive, "--table", inputs.table]
        began, cpu_began = time.perf_counter(), cpu_of_children()
        subprocess.run([*command, "--recipe", "fold.toml", "--out", "run"], cwd=folder, check=True, capture_output=True)
        seconds, cpu_seconds = time.perf_counter() - began, cpu_of_children() - cpu_began
        run = Path(folder) / "run"
        events = run_log.events_of(run)
        start = next(event for event in events if event["event"] == "start")
        end = [event for event in events if event["event"] == "epoch"][-1]
        accuracy = run_log.metrics_of(run)["accuracy"]
    return {
        "seconds": seconds,
        "CPU seconds": cpu_seconds,
        "training": end["seconds"] - start["seconds"],
        "training, CPU": end["cpu_seconds"] - start["cpu_seconds"],
        **{f"accuracy, {name}": value for name, value in accuracy.items()},
    }


def cpu_of_children() -> float:
    """CPU seconds of all processes that ended under this one."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def busy(numbers: Numbers) -> Iterator[None]:
    """Add what share of the processors other programs had meanwhile, 0 to 1 (Linux)."""
    began, all_began, own_began = time.perf_counter(), cpu_of_all(), cpu_of_children() + time.process_time()
    yield
    others = cpu_of_all() - all_began - (cpu_of_children() + time.process_time() - own_began)
    numbers["others"] = max(others, 0) / (time.perf_counter() - began) / (os.cpu_count() or 1)


def cpu_of_all() -> float:
    """CPU seconds of all programs since the machine started."""
    user, nice, system, _, _, interrupt, soft = map(int, Path("/proc/stat").read_text().split()[1:8])
    return (user + nice + system + interrupt + soft) / os.sysconf("SC_CLK_TCK")


def measure(inputs: Inputs, number: int) -> None:
    """Do what is left of a round."""
    path = inputs.runs / f"round-{number}.json"
    done: dict[str, Numbers] = json.loads(path.read_text()) if path.exists() else {}
    for name, measurement in measurements(inputs).items():
        if name not in done:
            numbers: Numbers = {}
            with busy(numbers):
                numbers |= measurement()
            done[name] = numbers
            path.write_text(json.dumps(done, indent=1))
            print(f"{time.strftime('%H:%M')} round {number}, {name}: {numbers}", file=sys.stderr, flush=True)


# --- the page --------------------------------------------------------------------------------------------------------


def tables(rounds: Rounds, inputs: Inputs) -> Iterator[str]:
    """The lines between the marks of the page."""
    others = max(numbers["others"] for runs in rounds.values() for numbers in runs)
    date, count = time.strftime("%Y-%m-%d"), os.cpu_count()
    yield f"- {date}, {count} processors: {processor()}; other programs had at most {others:.1%} of them."
    yield f"- Python {platform.python_version()}, PyTorch {version('torch')}, ONNX Runtime {version('onnxruntime')},"
    yield f"  PaddlePaddle {paddle_version(inputs)}."
    yield f"- Medians of {len(rounds['tutorial'])} rounds; ratios are those of a round, with their range."
    yield from ["", "### The tutorial's eight epochs", "", *eight_epochs(rounds)]
    yield from ["", "### ResNet-50 beside the tutorial's program", "", *beside_tutorial(rounds)]
    yield from ["", "### A step beside a plain PyTorch loop", "", *beside_plain(rounds)]


def eight_epochs(rounds: Rounds) -> Iterator[str]:
    """The recipe `quick` beside the tutorial's program, extrapolated."""
    whole, whole_cpu = (
        [EPOCHS * run["films"] / run[measure] for run in rounds["tutorial"]] for measure in ("second", "CPU second")
    )
    steps = STEPS_TUTORIAL * len(whole)
    yield "| what | seconds | share | goal | CPU seconds | share | goal |"
    yield "|---|---|---|---|---|---|---|"
    name = f"the tutorial's program, extrapolated from {steps} steps"
    yield f"| {name} | {median(whole):.0f} | 1 | | {median(whole_cpu):.0f} | 1 | |"
    for name, wall, cpu, goals in (
        ("`train --recipe quick`, archive to report", "seconds", "CPU seconds", ("1/100", "1/60")),
        ("its training alone", "training", "training, CPU", ("1/200", "")),
    ):
        cells = [name]
        for measure, base, goal in ((wall, whole, goals[0]), (cpu, whole_cpu, goals[1])):
            taken = [run[measure] for run in rounds["quick"]]
            ratios = [of_base / own for own, of_base in zip(taken, base, strict=True)]
            share = f"1/{median(ratios):.0f} (1/{min(ratios):.0f} to 1/{max(ratios):.0f})"
            cells += [f"{median(taken):.0f}", share, goal]
        yield "| " + " | ".join(cells) + " |"
    value, low, high, count = (rounds["quick"][0][f"accuracy, {part}"] for part in ("value", "low", "high", "n"))
    yield ""
    yield f"Accuracy of `quick` on the test films of fold 0: {value:.1%} ({low:.1%} to {high:.1%}, n {count})."


def beside_tutorial(rounds: Rounds) -> Iterator[str]:
    """Films a second of the recipe `tutorial`."""
    yield "| program | films/s | ratio | films/CPU s | ratio |"
    yield "|---|---|---|---|---|"
    for name in ["tutorial", *train_speed.native_precisions()]:
        shown = "the tutorial's" if name == "tutorial" else f"`train --recipe tutorial`, {name}"
        yield "| " + " | ".join([shown, *compared(rounds, name, "tutorial")]) + " |"


def beside_plain(rounds: Rounds) -> Iterator[str]:
    """The step beside a plain loop, and as a share of the best rate."""
    yield "| network | precision | step | films/s | ratio | films/CPU s | ratio | share of the best rate |"
    yield "|---|---|---|---|---|---|---|---|"
    for case in train_step.CASES:
        for precision in train_speed.native_precisions():
            for kind in train_step.KINDS:
                name = f"{case}, {precision}, {kind}"
                cells = [case, precision, kind, *compared(rounds, name, f"{case}, {precision}, plain")]
                yield "| " + " | ".join([*cells, f"{median(run['share'] for run in rounds[name]):.0%}"]) + " |"


def compared(rounds: Rounds, name: str, base: str) -> Iterator[str]:
    """Films a second and a CPU second, each with its ratio to the base."""
    for measure in ("second", "CPU second"):
        speeds, of_base = ([run[measure] for run in rounds[one]] for one in (name, base))
        ratios = [speed / other for speed, other in zip(speeds, of_base, strict=True)]
        yield f"{median(speeds):.1f}"
        yield f"{median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})" if name != base else "1"


def processor() -> str:
    """What Linux calls it, and what it multiplies bfloat16 with."""
    parts = [line.partition(":") for line in Path("/proc/cpuinfo").read_text().splitlines()]
    lines = {name.strip(): value.strip() for name, _, value in parts}
    flags = lines.get("flags", "").split()
    units = [shown for flag, shown in (("amx_bf16", "AMX"), ("avx512_bf16", "AVX512-BF16")) if flag in flags]
    return f"{lines.get('model name', platform.machine())} with {' and '.join(units) or 'neither AMX nor AVX512-BF16'}"


def paddle_version(inputs: Inputs) -> str:
    """Of the tutorial's environment."""
    command = [inputs.paddle, "-c", "from importlib.metadata import version; print(version('paddlepaddle'))"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def main() -> None:
    """Measure what is missing, and write the page's tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path, help="the tutorial's archive: input_data/CLASS/*.png in a zip")
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--paddle", type=Path, required=True)
    parser.add_argument("--program", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    paths = {name: getattr(options, name).absolute() for name in ("archive", "table", "paddle", "program")}
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as unzipped, tempfile.TemporaryDirectory() as drawn:
        unzip(options.archive, Path(unzipped))
        train_step.draw_films(Path(drawn))
        inputs = Inputs(**paths, unzipped=Path(unzipped), drawn=Path(drawn), runs=options.out.absolute())
        for number in range(options.rounds):
            measure(inputs, number)
        done = [json.loads((options.out / f"round-{number}.json").read_text()) for number in range(options.rounds)]
        rounds = {name: [one[name] for one in done] for name in done[0]}
        written_tables.put(PAGE, MARKS, tables(rounds, inputs))


if __name__ == "__main__":
    main()
