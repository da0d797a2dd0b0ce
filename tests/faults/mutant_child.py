"""Takes mutants in a process of its own: `python mutant_child.py TARGET FIRST LAST FOLDER`.

Before each mutant its number is printed; then, where something else came of it than an answer or a refusal, a line with
the number and what came. So whoever reads along knows which mutant ended or stopped the process.
"""

import contextlib
import io
import json
import sys
from collections.abc import Callable, Sequence
from functools import cache, partial
from pathlib import Path

import onnx
from hostile import signed

from faults import mutant_seeds
from faults.film_seeds import film_seeds
from faults.mutation import altered, mutated, with_other_cells
from plainfilm import cli
from plainfilm.errors import PlainfilmError
from plainfilm.messages import LANGUAGES
from plainfilm.model.answer import Answer
from plainfilm.model.predictor import Predictor
from plainfilm.present.film_json import film_json
from plainfilm.randomness import generator
from plainfilm.serving.api.samples import PHANTOM_MODEL

NUM_SOUND = 3  # of the files that mutants are made of are seen to be taken
Target = Callable[[bytes, Path], str]  # a mutant, a folder of its own -> what came of it that should not have, or ""


@cache
def _good(target: str, folder: Path) -> tuple[bytes, ...]:
    """The files that a target's mutants are made of."""
    if target == "films":
        return tuple(film_seeds().values())
    if target == "cards":
        return mutant_seeds.cards()
    films = mutant_seeds.films(folder)
    if target == "recipes":
        return mutant_seeds.recipes()
    if target == "scores":
        return tuple(mutant_seeds.scores(folder).values())
    classes, *findings = mutant_seeds.tables(folder).values()
    if target == "findings":
        _command("index", films, "--table", folder / "findings.csv", *_recipe_of(folder), "--out", folder / "index")
        return *findings, (folder / "index" / "index.csv").read_bytes()
    _command("index", films, "--out", films)
    return classes, "\ufeff".encode() + classes, (films / "index.csv").read_bytes()


def mutant(target: str, number: int, folder: Path) -> bytes:
    """The mutant of that number, always the same."""
    good, draws = _good(target, folder), generator(0, "mutants", target, number)
    if target == "cards":
        card = json.loads(good[number % len(good)])
        of_task = {name: card.get(name) for name in mutant_seeds.OF_TASK}
        return json.dumps(card | altered(of_task, draws)).encode()
    if target in ("findings", "scores") and number % 2:
        return with_other_cells(good[number // 2 % len(good)], draws)
    return mutated(good, draws)


# --- what is done with one -------------------------------------------------------------------------------------------


def _film(data: bytes, folder: Path) -> str:
    for predictor in _predictors(folder):
        _said(predictor, data)
    return ""


@cache
def _predictors(folder: Path) -> list[Predictor]:
    """One of classes, one of findings."""
    return [_predictor(card, folder / f"{number}.onnx") for number, card in enumerate(mutant_seeds.cards())]


def _predictor(card: bytes, path: Path) -> Predictor:
    """The packaged model with this card."""
    path.write_bytes(signed(onnx.load(PHANTOM_MODEL), card.decode()))
    return Predictor(path, threads=1)


def _said(predictor: Predictor, film: bytes) -> None:
    """All that is said of a film."""
    answer = Answer.of(predictor.predict_bytes(film), override=True)
    for language in LANGUAGES:
        film_json(answer, predictor.card, language, place="home", has_map=True)


def _card(data: bytes, folder: Path) -> str:
    path = folder / "mutant.onnx"
    _said(_predictor(data, path), film_seeds()["PNG 8 bits"])
    return _command("doctor", path)


def _table(data: bytes, folder: Path) -> str:
    table, films = folder / "phantoms" / "mutant.csv", folder / "phantoms"
    table.write_bytes(data)
    return _command("index", films, "--table", table) or _command("index", table) or _command("doctor", table)


def _findings(data: bytes, folder: Path) -> str:
    table, recipe = folder / "mutant.csv", _recipe_of(folder)
    table.write_bytes(data)
    indexed = _command("index", folder / "phantoms", "--table", table, *recipe)
    return indexed or _command("evaluate", folder / "finding-scores.csv", "--table", table, *recipe)


def _scores(data: bytes, folder: Path) -> str:
    scores = folder / "mutant.csv"
    scores.write_bytes(data)
    of_classes = _command("evaluate", scores, "--table", folder / "classes.csv")
    return of_classes or _command("evaluate", scores, "--table", folder / "findings.csv", *_recipe_of(folder))


def _recipe(data: bytes, folder: Path) -> str:
    (folder / "mutant.toml").write_bytes(data)
    table = ("--table", folder / "findings.csv")
    return _command("index", folder / "phantoms", *table, "--recipe", folder / "mutant.toml")


def _recipe_of(folder: Path) -> tuple[str, Path]:
    return "--recipe", folder / "findings.toml"


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


TARGETS: dict[str, Target] = {
    "films": _film,
    "cards": _card,
    "tables": _table,
    "findings": _findings,
    "scores": _scores,
    "recipes": _recipe,
}


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
    for data in _good(target, folder)[:NUM_SOUND]:
        TARGETS[target](data, folder)  # raises what it is refused for
    for number in range(first, last):
        say(number)
        if found := came_of(target, mutant(target, number, folder), folder):
            say(number, found)


if __name__ == "__main__":
    main(sys.argv[1:])
