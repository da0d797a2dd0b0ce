"""What the functions give back: frozen values that print what the command prints, and show it as tables in a notebook.

Tables are lists of a mapping a row; where pandas is installed they are DataFrames.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from plainfilm.data.film_index import Index, Row
from plainfilm.data.sources.balance import Balance, in_words
from plainfilm.errors import UsageError
from plainfilm.estimate import Estimate
from plainfilm.messages import chosen_language, say, sentence
from plainfilm.model.answer import Answer
from plainfilm.model.card import Card, Guessed, named
from plainfilm.model.shift import Shift, place_of
from plainfilm.present.blocks import Block, Note
from plainfilm.present.terminal import Terminal
from plainfilm.records import Object, as_dict
from plainfilm.task import task_of

if TYPE_CHECKING:  # heavy, or needed by one result alone
    from plainfilm.audits.findings import Audit
    from plainfilm.evaluation.comparison import Comparison
    from plainfilm.evaluation.decisions import PredictiveValues
    from plainfilm.evaluation.findings_tables import FindingsCompared
    from plainfilm.evaluation.judging import Judged
    from plainfilm.evaluation.moves import Move, Stream
    from plainfilm.evaluation.recalibration import Recalibration
    from plainfilm.evaluation.scores import ScoresEvaluation
    from plainfilm.evaluation.spread import CrossValidation
    from plainfilm.training.result import Result

Table = Any
"""A pandas.DataFrame where pandas is installed, else a list of a mapping a row."""


def as_table(rows: Iterable[Mapping[str, object]]) -> Table:
    """Rows as a table."""
    found = list(rows)
    return import_module("pandas").DataFrame(found) if find_spec("pandas") else found


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Shown(ABC):
    """A result in a language. `print` shows what the command prints; a notebook shows it as the report does."""

    language: str

    @abstractmethod
    def blocks(self) -> Iterable[Block]:
        """What there is to show, in no language yet."""

    @abstractmethod
    def as_dict(self) -> Object:
        """What the command prints with --json."""

    def in_language(self, language: str) -> Self:
        """The same result in another language. Raises UsageError for one that there is none of."""
        return replace(self, language=chosen_language(language))

    def __str__(self) -> str:
        from plainfilm.present.on_terminal import as_text

        return as_text(self.blocks(), self.language)

    __repr__ = __str__

    def _repr_html_(self) -> str | None:
        if not find_spec("jinja2"):
            return None
        from plainfilm.present.in_html import fragment

        return fragment(self.blocks(), self.language)


def tell(terminal: Terminal, result: Shown) -> None:
    """Print a result as its command does."""
    from plainfilm.present.on_terminal import show

    show(terminal, result.blocks())
    terminal.json(result.as_dict())


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class IndexResult(Shown):
    """What is in a data set."""

    index: Index
    path: Path | None  # of index.csv; None: not written

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in order."""
        return self.index.classes

    @property
    def films(self) -> Table:
        """A row a film: where it is, its class, its group, its part of the split, what is wrong with it."""
        return as_table(map(asdict, self.index.rows))

    def blocks(self) -> Iterator[Block]:
        """What the command prints."""
        from plainfilm.present.sections.data_set import data_set

        if self.path is not None:
            yield Note(say("index.written", path=str(self.path)))
        yield from data_set(self.index)

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        from plainfilm.data.index_json import index_as_dict

        return index_as_dict(self.index, self.language)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class TrainResult(Shown):
    """A finished run: its model, its figures, where they are."""

    outcome: "Result"

    @property
    def folder(self) -> Path:
        """Of the run."""
        return self.outcome.run.folder

    @property
    def model(self) -> Path:
        """The model file."""
        return self.outcome.run.model

    @property
    def report(self) -> Path:
        """The page that reports the run."""
        return self.outcome.run.report

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in order."""
        return self.outcome.index.classes

    @property
    def card(self) -> Card:
        """What the model file says of itself."""
        return self.outcome.card

    @property
    def test(self) -> "Judged":
        """The test films, what the model said of them, and all figures."""
        return self.outcome.test

    @property
    def headline(self) -> Estimate:
        """The figure that a model is first named by, on the test films: the accuracy; of findings the macro AUC."""
        return headline_of(self.test, self.card)

    @property
    def accuracy(self) -> Estimate:
        """On the test films, with its interval. Raises UsageError for findings, which have none."""
        return accuracy_of(self.test, self.language)

    @property
    def figures(self) -> Table:
        """A row a figure of the test films: value, low, high, n."""
        return figures_table(self.outcome.test, self.card)

    @property
    def predictions(self) -> Table:
        """A row a test film: its class, the predicted one, the probabilities, the prediction set."""
        return predictions_table(self.outcome.test, self.card)

    @property
    def history(self) -> Table:
        """A row a step: loss, accuracy, learning rate; at the end of an epoch also those of the validation films."""
        from plainfilm.training.history import read_history

        return as_table(map(asdict, read_history(self.outcome.run.history)))

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that the tutorial's program prints, every 30 batches."""
        from plainfilm.training.history import read_history, tutorial_lines

        return tuple(tutorial_lines(read_history(self.outcome.run.history)))

    def blocks(self) -> Iterable[Block]:
        """What the command prints."""
        from plainfilm.present.sections.finished import finished

        return finished(self.outcome)

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        return {
            "run": str(self.folder),
            "validation": self.outcome.validation,
            "test": self.outcome.test.figures.as_dict(),
            "balance": in_words(self.outcome.index.balance, self.language),
        }


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class EvaluateResult(Shown):
    """A test of a model on films from elsewhere."""

    evaluation: "Judged"
    rows: tuple[Row, ...]  # of all films, also those that could not be judged
    balance: Balance
    card: Card
    films: str  # what they are called

    @property
    def headline(self) -> Estimate:
        """The figure that a model is first named by: the accuracy; of findings the macro AUC."""
        return headline_of(self.evaluation, self.card)

    @property
    def accuracy(self) -> Estimate:
        """With its interval. Raises UsageError for findings, which have none."""
        return accuracy_of(self.evaluation, self.language)

    @property
    def figures(self) -> Table:
        """A row a figure: value, low, high, n."""
        return figures_table(self.evaluation, self.card)

    @property
    def predictions(self) -> Table:
        """A row a film that was judged."""
        return predictions_table(self.evaluation, self.card)

    def blocks(self) -> Iterator[Block]:
        """What the command prints."""
        from plainfilm.present.sections.balance import balance
        from plainfilm.present.sections.data_set import film_problems
        from plainfilm.present.sections.elsewhere import seen

        figures, showing = self.evaluation.figures, task_of(self.card.task_kind).showing
        yield from balance(self.balance)
        yield from seen(figures.seen)
        yield from film_problems(self.rows)
        yield from showing.evaluation(figures, self.card, self.films)
        yield from showing.elsewhere(figures, self.card)

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        return as_dict(self.evaluation.figures)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ScoresResult(Shown):
    """A test of scores that any program wrote, on films that were not opened."""

    evaluation: "ScoresEvaluation"
    folder: Path | None  # where it was written

    @property
    def figures(self) -> Table:
        """A row a figure: value, low, high, n."""
        kind, figures = self.evaluation.chosen.kind, self.evaluation.figures
        return as_table(task_of(kind).showing.figure_rows(figures))

    @property
    def predictions(self) -> Table:
        """A row a film that was judged."""
        return as_table(self.evaluation.table())

    def blocks(self) -> Iterator[Block]:
        """What the command prints."""
        from plainfilm.present.sections.scores import blocks

        yield from blocks(self.evaluation)
        if self.folder is not None:
            yield Note(say("scores.written", folder=str(self.folder)))

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        return as_dict(self.evaluation.figures)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class RecalibrateResult(Shown):
    """A model file whose weights are another one's, and that was fitted on films of a place of its own."""

    found: "Recalibration"

    @property
    def model(self) -> Path:
        """The new model file."""
        return self.found.path

    @property
    def card(self) -> Card:
        """What the new model file says of itself."""
        return self.found.card

    @property
    def figures(self) -> Table:
        """A row a figure of the local test films, before and after: class (or finding), value, low, high, n."""
        from plainfilm.present.showing import figure_row

        before, after = zip(*self.found.judged_by, strict=True)
        return as_table(
            {"when": when, **figure_row(*figure)}
            for when, figures in (("before", before), ("after", after))
            for figure in figures
            if figure[-1] is not None
        )

    def blocks(self) -> Iterator[Block]:
        """What the command prints."""
        from plainfilm.present.sections.recalibration import recalibration

        return recalibration(self.found)

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        return self.found.as_dict()


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class PredictResult(Shown):
    """The answers for films, in their order."""

    answers: tuple[Answer, ...]
    balances: tuple[Balance, ...]  # of the files of each folder, archive or table
    card: Card
    shift: Shift | None  # what the films say together of the place that they come from; None: the model cannot say
    guessed: Guessed | None  # the accuracy to be expected here; None: too few films, or the model cannot guess
    predictive: "Mapping[str, PredictiveValues] | None"
    maps: Path | None  # the folder of the maps; None: none were asked for
    map_side: int  # cells

    def __len__(self) -> int:
        return len(self.answers)

    @property
    def place(self) -> str:
        """Where the films come from: "home", "abroad", "too-few" to tell; "": the model cannot say."""
        return place_of(self.shift)

    @property
    def table(self) -> Table:
        """A row a film: its class if that is known, the predicted one, the probabilities, the set, what went wrong."""
        return as_table(self._rows())

    def _rows(self) -> Iterator[Object]:
        from plainfilm.workflows.answers import row

        return (row(answer, self.card, self.place) for answer in self.answers)

    def blocks(self) -> Iterator[Block]:
        """What the command prints."""
        from plainfilm.present.sections.balance import balance
        from plainfilm.present.statements import about_maps, about_model, guess_words

        for balanced in self.balances:
            yield from balance(balanced)
        yield from task_of(self.card.task_kind).showing.answers(self.answers, self.card, self.shift)
        if self.guessed is not None:
            yield Note(guess_words(self.guessed, self.card))
        if not any(answer.is_answered for answer in self.answers):
            return
        if self.maps is not None:
            size = self.card.preprocessing.size
            yield Note(say("prediction.maps", folder=str(self.maps), cells=self.map_side, size=size))
            yield Note(about_maps(self.card))
        if self.predictive:
            yield from self._predictive_values(self.predictive)
        yield from map(Note, about_model(self.card))

    def _predictive_values(self, predictive: "Mapping[str, PredictiveValues]") -> Iterator[Block]:
        """Tables, if there is a film that they may hold for."""
        from plainfilm.present.sections.points import predictive_values
        from plainfilm.present.statements import DENIED

        showing = task_of(self.card.task_kind).showing
        answered = [answer for answer in self.answers if answer.is_answered]
        if all(showing.stance(answer, self.card, self.place) in DENIED for answer in answered):
            yield Note(say("prevalence.abroad"), "alarm")
            return
        yield from predictive_values(predictive, named(self.card.classes))
        if self.place != "home":
            yield Note(say("prevalence.unproven"))

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        from plainfilm.present.film_json import film_json
        from plainfilm.present.statements import guess_words, shift_words, with_message

        has_map, language = self.maps is not None, self.language
        predictions = [
            film_json(answer, self.card, language, place=self.place, predictive=self.predictive, has_map=has_map)
            for answer in self.answers
        ]
        for error in (entry["error"] for entry in predictions):
            if isinstance(error, dict):
                error["message"] = error["detail"]  # its name before it became a problem of RFC 9457, for one release
        shift = guessed = None
        if self.shift is not None:
            shift = with_message(self.shift, shift_words(self.shift), language)
        if self.guessed is not None:
            guessed = with_message(self.guessed, guess_words(self.guessed, self.card), language)
        balances = [in_words(balanced, language) for balanced in self.balances]
        return {"balances": balances, "shift": shift, "guessed": guessed, "predictions": predictions}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class AuditResult(Shown):
    """What leaks in a data set, and what tells its classes apart without the lungs."""

    found: "Audit"
    folder: Path | None  # where it was written

    def blocks(self) -> Iterator[Block]:
        """What the command prints."""
        from plainfilm.present.sections.leaks_and_shortcuts import leaks_and_shortcuts

        yield from leaks_and_shortcuts(self.found)
        if self.folder is not None:
            key = "audit.written" if self.found.findings is None else "audit.written-findings"
            yield Note(say(key, folder=str(self.folder)))

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        return as_dict(self.found)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CompareResult(Shown):
    """Two models on the films that both have answered."""

    found: "Comparison | FindingsCompared"

    def blocks(self) -> Iterable[Block]:
        """What the command prints."""
        from plainfilm.evaluation.comparison import Comparison
        from plainfilm.present.sections.comparison import comparison
        from plainfilm.present.sections.findings import comparison as of_findings

        return comparison(self.found) if isinstance(self.found, Comparison) else of_findings(self.found)

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        return as_dict(self.found)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class CrossValidateResult(Shown):
    """The runs of all folds and seeds: their mean and spread, and the figures of all films."""

    found: "CrossValidation"
    folder: Path

    def blocks(self) -> Iterable[Block]:
        """What the command prints."""
        from plainfilm.present.sections.cross_validation import cross_validation

        return cross_validation(self.found, self.folder)

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        return as_dict(self.found)


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class DriftResult(Shown):
    """Whether the films of a watched server moved, what moved, since when, and how sure that is."""

    stream: "Stream"
    path: Path | None  # of the page; None: not written

    @property
    def windows(self) -> Table:
        """A row a window: its number, when it was full, whether it is abroad, its distances."""
        return as_table(
            {
                "number": window.number,
                "time": window.time,
                "films": window.shift.films,
                "abroad": window.shift.is_abroad,
                "together": window.together,
                **window.blocks,
            }
            for window in self.stream.windows
        )

    def blocks(self) -> Iterator[Block]:
        """What the command prints; a notebook shows the charts, too."""
        from plainfilm.present.sections.stream import charts, stream

        yield from stream(self.stream)
        yield from charts(self.stream)
        if self.path is not None:
            yield Note(say("drift.written", path=str(self.path)))

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        found = self.stream
        return {
            "windows": len(found.windows),
            "films": found.films,
            "first": found.windows[0].time,
            "last": found.windows[-1].time,
            "restarts": found.restarts,
            "abroad": len(found.abroad),
            "first_alarm": found.windows[found.abroad[0]].time if found.abroad else None,
            "moved": found.has_moved,
            "move": None if found.move is None else self._move(found.move),
            "moved_blocks": list(found.moved),
            "blocks": {name: self._move(move) for name, move in found.blocks.items()},
            "page": None if self.path is None else str(self.path),
        }

    def _move(self, move: "Move") -> Object:
        time = self.stream.windows[move.first].time
        return {"window": move.first + 1, "time": time, "before": move.before, "after": move.after, "p": move.p}


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class ReportResult(Shown):
    """The report of a run."""

    path: Path

    def blocks(self) -> Iterator[Block]:
        """What the command prints."""
        yield Note(say("report.written", path=str(self.path)))

    def as_dict(self) -> Object:
        """What the command prints with --json."""
        return {"report": str(self.path)}


def headline_of(evaluation: "Judged", card: Card) -> Estimate:
    """The figure that a model is first named by, as its task says."""
    found: Estimate = evaluation.figures.overall[task_of(card.task_kind).headline]
    return found


def accuracy_of(evaluation: "Judged", language: str) -> Estimate:
    """The accuracy. Raises UsageError, as a sentence, for a task that has none."""
    overall: Mapping[str, Estimate] = evaluation.figures.overall
    if "accuracy" not in overall:
        error = UsageError("accuracy-missing", known=", ".join(overall))
        error.words = sentence(error, language)
        raise error
    return overall["accuracy"]


def figures_table(evaluation: "Judged", card: Card) -> Table:
    """A row a figure of an evaluation: over all classes or findings (class ""), and of each."""
    return as_table(task_of(card.task_kind).showing.figure_rows(evaluation.figures))


def predictions_table(evaluation: "Judged", card: Card) -> Table:
    """A row a film of an evaluation."""
    return as_table(task_of(card.task_kind).showing.judged_rows(evaluation, card.class_names))
