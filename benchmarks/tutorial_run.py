"""What runs of the recipe `tutorial` printed, beside what the tutorial prints: the tables of docs/tutorial-run.md.

    python benchmarks/tutorial_run.py PRINTED --bfloat16 RUN --grouped RUN [--float32 RUN] [--write]

PRINTED: a text with the tutorial's lines. `--grouped` is the same recipe on a split by patient and copies. Seconds are
those of `log.jsonl`; a run that was stopped has several beginnings, and its seconds are summed over them.
"""

import argparse
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import written_tables
from run_log import beginnings, events_of, metrics_of, shown

DOCUMENTS = Path(__file__).parents[1] / "docs"
MARKS = ("<!-- table: benchmarks/tutorial_run.py --write -->", "<!-- end of table -->")
LINE = re.compile(r"Epoch:(\d+),Batch: ?(\d+),Loss:([\d.]+),Acc:([\d.]+)")
EVALUATION = re.compile(r"Eval\s+Loss:([\d.]+),Acc:([\d.]+)")
WORDS = {
    "en": {
        "batch": "epoch, batch",
        "printed": "the tutorial",
        "loss": "loss",
        "accuracy": "accuracy",
        "test": "test",
        "run": "run",
        "interval": "accuracy on the test films (95 % interval, n)",
        "balanced": "balanced accuracy",
        "seconds": "seconds, archive to report; threads",
        "cpu": "CPU seconds",
        "grouped": "bfloat16, split by patient and copies",
    },
    "zh": {
        "batch": "轮次、批次",
        "printed": "原教程",
        "loss": "损失",
        "accuracy": "准确率",
        "test": "测试",
        "run": "运行",
        "interval": "测试胶片上的准确率（95 % 区间，n）",
        "balanced": "平衡准确率",
        "seconds": "秒数，从压缩包到报告；线程数",
        "cpu": "CPU 秒数",
        "grouped": "bfloat16，按患者和副本划分",
    },
}
Lines = dict[tuple[int, int], tuple[str, str]]  # by epoch and batch: loss and accuracy


def lines_of(text: str) -> Lines:
    """The lines of a training in a text."""
    found = {}
    for epoch, batch, loss, accuracy in LINE.findall(text):
        found[int(epoch), int(batch)] = (loss, accuracy)
    return found


def spent(run: Path, measure: str) -> float:
    """Seconds of all beginnings of a run; `measure`: "seconds" or "cpu_seconds"."""
    return sum(float(last[measure]) for _, last in beginnings(run))


def tables(printed: str, runs: Mapping[str, Path], grouped: Path, words: Mapping[str, str]) -> Iterator[str]:
    """The lines between the marks, in a language."""
    columns = {words["printed"]: lines_of(printed)}
    for name, run in runs.items():
        columns[name] = lines_of("\n".join(event.get("line", "") for event in events_of(run)))
    heads = [f"{name}: {words[kind]}" for name in columns for kind in ("loss", "accuracy")]
    yield f"| {words['batch']} | " + " | ".join(heads) + " |"
    yield "|---" * (1 + len(heads)) + "|"
    for place in columns[words["printed"]]:
        cells = [cell for lines in columns.values() for cell in lines.get(place, ("", ""))]
        yield f"| {place[0]}, {place[1]} | " + " | ".join(cells) + " |"
    evaluation = EVALUATION.search(printed)
    assert evaluation is not None
    cells = list(evaluation.groups())
    for run in runs.values():
        found = metrics_of(run)["tutorial"]  # as the tutorial counts: the mean of its batches
        cells += [f"{found['loss']:.5f}", f"{found['accuracy']:.5f}"]
    yield f"| **{words['test']}** | " + " | ".join(cells) + " |"
    yield ""
    yield f"| {words['run']} | {words['interval']} | {words['balanced']} | {words['seconds']} | {words['cpu']} |"
    yield "|---" * 5 + "|"
    for name, run in {**runs, words["grouped"]: grouped}.items():
        found = metrics_of(run)
        seconds, cpu_seconds = spent(run, "seconds"), spent(run, "cpu_seconds")
        figures = f"{shown(found['accuracy'])} | {shown(found['balanced_accuracy'])}"
        threads = next(event["threads"] for event in events_of(run) if event["event"] == "start")
        yield f"| {name} | {figures} | {seconds:.0f}; {threads} | {cpu_seconds:.0f} |"


def main() -> None:
    """Print the tables, and with --write store them in both pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("printed", type=Path)
    parser.add_argument("--float32", type=Path)
    parser.add_argument("--bfloat16", type=Path, required=True)
    parser.add_argument("--grouped", type=Path, required=True)
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    given = {"float32": options.float32, "bfloat16": options.bfloat16}
    runs = {name: run for name, run in given.items() if run is not None}
    for name, language in (("tutorial-run.md", "en"), ("tutorial-run.zh.md", "zh")):
        lines = list(tables(options.printed.read_text(encoding="utf-8"), runs, options.grouped, WORDS[language]))
        print("\n".join(lines))
        if options.write:
            written_tables.put(DOCUMENTS / name, MARKS, lines)


if __name__ == "__main__":
    main()
