"""Make the model that ships with this package.

    python benchmarks/chest_model.py DATA --out RUN

Trains the recipe `chest` on covid-radiography, adult-sources and the empty films of nih-findings, tests it
on films of other places, audits the run, which writes all of that into the model file, and copies the file into the
package. Stopped, it goes on; on one machine it makes the same bits again.
"""

import argparse
import csv
import io
import shutil
import subprocess
import sys
from pathlib import Path

from plainfilm.io.run_folder import Run
from plainfilm.model.packaged import CHEST_MODEL

ELSEWHERE = {"openist": "films.zip", "external-ieee8023": "images.zip"}
SOURCES = ("covid-radiography/input_data.zip", "adult-sources/images.zip", "nih-findings/films.zip")


def main() -> None:
    """Train, test, audit, copy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--keep", action="store_true", help="leave the packaged file as it is")
    options = parser.parse_args()
    run = Run(options.out)
    if run.is_begun:
        plainfilm("train", "--resume", options.out)
    else:
        table = options.out.with_name(options.out.name + "-nih.csv")
        table.parent.mkdir(parents=True, exist_ok=True)
        table.write_text(empty_films(options.data / "nih-findings" / "metadata.csv"))
        sources = [options.data / source for source in SOURCES]
        tables = [*(source.with_name("metadata.csv") for source in sources[:2]), table]
        words = [word for path in tables for word in ("--table", path)]
        plainfilm("train", *sources, *words, "--recipe", "chest", "--threads", 1, "--out", options.out)
    for name, archive in ELSEWHERE.items():
        table, out = options.data / name / "metadata.csv", options.out / "external" / name
        plainfilm("evaluate", run.model, options.data / name / archive, "--table", table, "--out", out)
    plainfilm("audit", options.out)
    if not options.keep:
        CHEST_MODEL.parent.mkdir(exist_ok=True)
        shutil.copy(run.model, CHEST_MODEL)


def empty_films(metadata: Path) -> str:
    """A table of the NIH films: those without a finding are normal, the others have no label, and are left out."""
    lines = ["path,label,source,patient,quality"]
    for row in csv.DictReader(io.StringIO(metadata.read_text())):
        label = "NORMAL" if row["No_Finding"] == "1" else ""
        lines.append(f"{row['path']},{label},{row['source']},{row['patient']},original")
    return "\n".join(lines) + "\n"


def plainfilm(*words: object) -> None:
    """Run a command."""
    subprocess.run([sys.executable, "-m", "plainfilm", *map(str, words)], check=True)


if __name__ == "__main__":
    main()
