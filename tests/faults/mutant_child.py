"""Takes mutants in a process of its own: `python mutant_child.py TARGET FIRST LAST FOLDER`.

Before each mutant its number is printed; then, where something else came of it than an answer or a refusal, a line with
the number and what came. So whoever reads along knows which mutant ended or stopped the process.
"""

import contextlib
import csv
import io
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

from faults.film_seeds import film_seeds
from faults.mutation import mutated
from plainfilm import cli
from plainfilm.config import RECIPES
from plainfilm.data.phantom import write_folder
from plainfilm.errors import PlainfilmError
from plainfilm.model.predictor import Predictor
from plainfilm.randomness import generator
from plainfilm.serving.api.samples import PHANTOM_MODEL

Target = Callable[[bytes, Path], str]  # a mutant, a folder of its own -> what came of it that should not have, or ""
TOO_LARGE_A_NUMBER = b"seed = " + b"9" * 5000 + b"\n"
TOO_DEEP_A_LIST = b"sizes_px = " + b"[" * 5000 + b"\n"


@cache
def _good(target: str, folder: Path) -> tuple[bytes, ...]:
    """The files that a target's mutants are made of."""
    if target == "films":
        return tuple(film_seeds().values())
    if target == "recipes":
        recipes = [path.read_bytes() for path in sorted(RECIPES.glob("*.toml"))]
        return (*recipes, b"[training]\n" + TOO_LARGE_A_NUMBER, b"[training]\n" + TOO_DEEP_A_LIST)
    return _tables(folder)


def mutant(target: str, number: int, folder: Path) -> bytes:
    """The mutant of that number, always the same."""
    return mutated(_good(target, folder), generator(0, "mutants", target, number))


def _tables(folder: Path) -> tuple[bytes, ...]:
    """Tables of a small data set in the folder: metadata, a table that is a source, and its index."""
    films = folder / "phantoms"
    if not films.exists():
        write_folder(films, seed=3, per_class=6, size=64, duplicates=1)
        _command("index", films, "--out", films)
    paths = sorted(path.relative_to(films).as_posix() for path in films.rglob("*.png"))
    columns = ("path", "label", "patient", "source", "quality", "view", "sex", "age", "split")
    buffer = io.StringIO()
    rows = csv.writer(buffer)
    rows.writerow(columns)
    for number, path in enumerate(paths):
        rows.writerow([path, path.split("/")[0], f"p{number}", "a,b", "good", "PA", "F", "44", "train"])
    return buffer.getvalue().encode(), ("\ufeff" + buffer.getvalue()).encode(), (films / "index.csv").read_bytes()


def _answer(data: bytes, _: Path) -> str:
    _predictor().predict_bytes(data)
    return ""


@cache
def _predictor() -> Predictor:
    return Predictor(PHANTOM_MODEL, threads=1)


def _table(data: bytes, folder: Path) -> str:
    table, films = folder / "phantoms" / "mutant.csv", folder / "phantoms"
    table.write_bytes(data)
    return _command("index", films, "--table", table) or _command("index", table) or _command("doctor", table)


def _recipe(data: bytes, folder: Path) -> str:
    _tables(folder)
    (folder / "mutant.toml").write_bytes(data)
    return _command("index", folder / "phantoms", "--recipe", folder / "mutant.toml")


def _command(*words: object) -> str:
    """A command in this process: what it did other than to end with 0, 1 or 2 and at most sentences."""
    sys.argv = ["plainfilm", *map(str, words)]
    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        try:
            cli.main()
        except SystemExit as left:
            if left.code not in (None, 0, 1, 2):
                return f"exit code {left.code}"
    return "a traceback" if "Traceback" in said.getvalue() else ""


TARGETS: dict[str, Target] = {"films": _answer, "tables": _table, "recipes": _recipe}


def came_of(target: str, data: bytes, folder: Path) -> str:
    """What came of one mutant that should not have, or ""."""
    try:
        return TARGETS[target](data, folder)
    except PlainfilmError:
        return ""
    except Exception as error:
        return repr(error)[:200]


def main(words: Sequence[str]) -> None:
    """Take the mutants from FIRST up to LAST."""
    target, first, last, folder = words[0], int(words[1]), int(words[2]), Path(words[3])
    say = partial(print, flush=True, file=sys.__stdout__)
    mutant(target, first, folder)  # what takes long the first time is no mutant's fault
    came_of(target, _good(target, folder)[0], folder)
    for number in range(first, last):
        say(number)
        if found := came_of(target, mutant(target, number, folder), folder):
            say(number, found)


if __name__ == "__main__":
    main(sys.argv[1:])
