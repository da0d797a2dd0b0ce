"""Prints by how many percent the memory of this process grows, `python memory_child.py KIND COUNT`; or the bytes that a
command has in use at most, `python memory_child.py command WORD...`."""

import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

from faults.flat_memory import growth_percent, mixed_films, resident_bytes
from plainfilm import cli
from plainfilm.errors import PlainfilmError
from plainfilm.model.predictor import Predictor
from plainfilm.serving.api.samples import PHANTOM_MODEL


def one_by_one(_: int) -> Callable[[int], object]:
    """A step: one film, or a refusal."""
    predictor, films = Predictor(PHANTOM_MODEL, threads=1), mixed_films()

    def step(number: int) -> None:
        with suppress(PlainfilmError):
            predictor.predict_bytes(films[number % len(films)])

    return step


def of_a_folder(count: int) -> Callable[[int], object]:
    """A step: the next film of many that are answered in batches."""
    predictor, films = Predictor(PHANTOM_MODEL, threads=1), mixed_films()

    def reads() -> Iterator[Callable[[], bytes]]:
        for number in range(count):
            yield lambda number=number: films[number % len(films)]  # type: ignore[misc]

    answers = predictor.predict_many(reads())
    return lambda _: next(answers)


def opened(_: int) -> Callable[[int], object]:
    """A step: the model is opened, and dropped."""
    return lambda _: Predictor(PHANTOM_MODEL, threads=1)


KINDS = {"films one by one": one_by_one, "films of a folder": of_a_folder, "models opened": opened}


def main(kind: str, *words: str) -> None:
    """Print the figure."""
    if kind == "command":
        sys.argv = ["plainfilm", *words]
        with suppress(SystemExit):
            cli.main()
        print(resident_bytes(entry="VmHWM"))
    else:
        print(growth_percent(KINDS[kind](int(words[0])), int(words[0]), resident_bytes))


if __name__ == "__main__":
    main(*sys.argv[1:])
