"""What came of a training: the epoch that was kept, its test, what the run holds."""

from collections.abc import Iterator

from plainfilm.messages import say
from plainfilm.present.blocks import Block, Note
from plainfilm.present.statements import about_base, about_maps
from plainfilm.task import task_of
from plainfilm.training.result import Result, Twin


def finished(result: Result) -> Iterator[Block]:
    """The epoch that was kept, the figures of the test, what the model file is worth, and where the run lies."""
    validation = result.validation
    if "accuracy" in validation:
        accuracy = f"{100 * validation['accuracy']:.1f}"
        yield Note(say("train.kept", epoch=int(validation["epoch"]), accuracy=accuracy))
    elif validation:
        yield Note(say("train.kept-last", epoch=int(validation["epoch"])))
    yield parity(result.parity)
    yield from task_of(result.card.task_kind).showing.evaluation(result.test.figures, result.card, "test")
    yield Note(about_maps(result.card))
    yield from map(Note, about_base(result.card))
    if result.twin is not None:
        yield _twin(result.twin, result.run.int8.name)
    yield Note(say("train.done", run=str(result.run.folder)))


def parity(difference: float) -> Note:
    """How far the answers of a model file are from those of its network."""
    return Note(say("train.parity", difference=f"{difference:.1e}"))


def _twin(twin: Twin, name: str) -> Note:
    difference = twin.difference
    value, low, high = (100 * number for number in (difference.value, difference.low, difference.high))
    key = "train.int8" if twin.path else "train.int8-refused"
    return Note(say(key, name=name, value=value, low=low, high=high, n=difference.n))
