"""How the results of the commands look on a terminal."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import reduce
from typing import TYPE_CHECKING, Any

from plainfilm.data.index import Index, Row
from plainfilm.errors import PlainfilmError
from plainfilm.evaluation.decisions import called
from plainfilm.evaluation.intervals import Estimate
from plainfilm.messages import printable, sentence, text
from plainfilm.model.modelfile import Card
from plainfilm.terminal import Terminal
from plainfilm.workflows.log import LINE_STEPS, tutorial_line
from plainfilm.workflows.predict import Answer

if TYPE_CHECKING:
    from plainfilm.training.history import Step
    from plainfilm.training.schedule import Plan
    from plainfilm.workflows.train import Result

MAX_LISTED = 20  # problems of one kind that are listed by name
CLASS_FIGURES = ("sensitivity", "specificity", "precision", "f1", "auc")

# --- index -----------------------------------------------------------------------------------------------------------


def print_index(terminal: Terminal, index: Index) -> None:
    """What is in an index: counts, groups, duplicates, problems, the split."""
    rows = index.rows
    parts = [part for part in ("train", "validation", "test", "predict") if index.part(part)]
    table = []
    for label in (*index.classes, *sorted({row.label for row in rows} - set(index.classes))):
        for source in sorted({row.source for row in rows if row.label == label}):
            films = [row for row in rows if (row.label, row.source) == (label, source)]
            counts = Counter(row.split for row in films)
            groups = len({row.group for row in films if row.group})
            table.append(
                [label or "-", source or "-", len(films), groups, *(counts[part] for part in parts), counts[""]]
            )
    totals = [sum(column) for column in list(zip(*table, strict=True))[2:]]
    totals[1] = len({row.group for row in rows if row.group})
    table.append([terminal.text("index.total"), "", *totals])
    headings = ["class", "source", "films", "groups", *parts, "left-out"]
    terminal.table([terminal.text(f"index.{heading}") for heading in headings], table, left=2)
    per_class = "/".join(str(sum(row.label == label for row in rows)) for label in index.classes)
    terminal.say("index.counts", films=len(rows), counts=per_class, classes=", ".join(index.classes))
    print_duplicates(terminal, rows)
    print_problems(terminal, rows, always=["label-conflict"])
    torn = set(index.straddling())
    if index.is_leaking:
        tested = [row for row in rows if row.split == "test"]
        shared = sum(row.group in torn for row in tested)
        terminal.say("index.leaking", shared=shared, tested=len(tested))


def index_summary(index: Index) -> dict[str, Any]:
    """The index for --json: counts by class, source and part, and the problems by path."""
    return {
        "classes": list(index.classes),
        "films": [
            {"class": label, "source": source, "part": part or None, "count": count}
            for (label, source, part), count in sorted(
                Counter((row.label, row.source, row.split) for row in index.rows).items()
            )
        ],
        "groups": len({row.group for row in index.rows if row.group}),
        "straddling_groups": len(index.straddling()),
        "problems": {row.path: list(row.problems) for row in index.rows if row.problems},
        "data_sha256": index.data_checksum,
        "split_sha256": index.split_checksum,
    }


def print_duplicates(terminal: Terminal, rows: Sequence[Row]) -> None:
    """How many films are copies of others, by class."""
    for kind in ("duplicate-exact", "duplicate-near"):
        found = Counter(row.label for row in rows if kind in row.problems)
        by_class = ", ".join(f"{label or '-'} {count}" for label, count in sorted(found.items()))
        films = f"{sum(found.values())} ({by_class})" if found else "0"
        terminal.say("index.problem", what=terminal.text(f"problem.{kind}"), films=films)


def print_problems(terminal: Terminal, rows: Sequence[Row], *, always: Sequence[str] = ()) -> None:
    """The films with problems, by kind and name; the kinds in `always` also where there are none."""
    by_code: dict[str, list[Row]] = {code: [] for code in always}
    for row in rows:
        for code in row.problems:
            if code not in ("duplicate-exact", "duplicate-near"):
                by_code.setdefault(code, []).append(row)
    for code, films in sorted(by_code.items()):
        terminal.say("index.problem", what=terminal.text(f"problem.{code}"), films=len(films))
        for row in films[:MAX_LISTED]:
            terminal.line(f"    {printable(row.path)}")
        if len(films) > MAX_LISTED:
            terminal.say("index.more", films=len(films) - MAX_LISTED)


# --- evaluation ------------------------------------------------------------------------------------------------------


def print_evaluation(terminal: Terminal, figures: dict[str, Any], card: Card) -> None:
    """Every figure of an evaluation with its interval and n."""
    language = terminal.language
    terminal.say("evaluation.title", films=figures["films"], n=figures["accuracy"]["n"])
    if figures["leaking"]:
        terminal.say("evaluation.leaking")
    overall = [
        [terminal.text(f"figure.{name}"), _shown(figures[name], name, language)]
        for name in ("accuracy", "balanced_accuracy", "macro_auc", "log_loss")
    ]
    error = Estimate.from_dict(figures["calibration"]["expected_calibration_error"])
    overall.append([terminal.text("figure.calibration"), error.decimal(language)])
    terminal.table([terminal.text(f"evaluation.{heading}") for heading in ("figure", "interval")], overall, left=2)
    by_class = [
        [
            entry.shown(language) if name == CLASS_FIGURES[0] else "",
            terminal.text("evaluation.auc" if name == "auc" else f"figure.{name}"),
            _shown(figures["classes"][entry.name][name], name, language),
        ]
        for entry in card.classes
        for name in CLASS_FIGURES
    ]
    terminal.table(
        [terminal.text(f"evaluation.{heading}") for heading in ("class", "figure", "interval")], by_class, left=3
    )
    if figures["sets"] is not None:
        print_sets(terminal, figures["sets"], card)
    counts = figures["confusion"]["counts"]
    shown = [entry.shown(language) for entry in card.classes]
    terminal.table(
        [terminal.text("evaluation.confusion"), *shown], [[name, *row] for name, row in zip(shown, counts, strict=True)]
    )
    left_out = ", ".join(f"{printable(label)} {count}" for label, count in figures["left_out"].items())
    if left_out:
        terminal.say("evaluation.left-out", left_out=left_out)
    tutorial = figures["tutorial"]
    terminal.line(f"Eval Loss:{tutorial['loss']:.5f},Acc:{tutorial['accuracy']:.5f}")


def print_sets(terminal: Terminal, figures: dict[str, Any], card: Card) -> None:
    """How often the sets hold the true class, by class too, and how often they decide."""
    language, asked = terminal.language, 100 * figures["asked"]
    coverage = terminal.text("sets.coverage", asked=asked)
    rows = [[terminal.text("sets.all"), coverage, Estimate.from_dict(figures["coverage"]).percent(language)]]
    for name in ("single", "several", "none"):
        rows.append(["", terminal.text(f"sets.{name}"), Estimate.from_dict(figures[name]).percent(language)])
    rows.append(["", terminal.text("sets.size"), Estimate.from_dict(figures["size"]).decimal(language)])
    for entry in card.classes:
        of_class = Estimate.from_dict(figures["classes"][entry.name]["coverage"])
        rows.append([entry.shown(language), coverage, of_class.percent(language)])
    terminal.table(
        [terminal.text(f"evaluation.{heading}") for heading in ("class", "figure", "interval")], rows, left=3
    )


def print_predictive_values(terminal: Terminal, found: dict[str, Any], card: Card) -> None:
    """What an operating point's answers are worth at the prevalences that were given."""
    shown = {entry.name: entry.shown(terminal.language) for entry in card.classes}
    for name, entry in found.items():
        if not entry["points"]:
            terminal.say("prevalence.none", name=shown[name])
            continue
        terminal.say("prevalence.title", name=shown[name], prevalence=100 * entry["prevalence"])
        rows = []
        for point in entry["points"]:
            asked = terminal.text("prevalence.point", asked=100 * point["asked"])
            rows.append([asked, terminal.text("prevalence.threshold"), f"{point['threshold']:.4f}"])
            for figure in ("sensitivity", "specificity", "ppv", "npv"):
                estimate = Estimate.from_dict(point[figure]).percent(terminal.language)
                rows.append(["", terminal.text(f"figure.{figure}"), estimate])
        terminal.table(
            ["", *(terminal.text(f"evaluation.{heading}") for heading in ("figure", "interval"))], rows, left=3
        )


def _shown(figure: dict[str, Any], name: str, language: str) -> str:
    """A figure with its interval: shares in percent, AUC and log loss as decimals."""
    estimate = Estimate.from_dict(figure)
    return estimate.decimal(language) if name in ("auc", "macro_auc", "log_loss") else estimate.percent(language)


# --- prediction ------------------------------------------------------------------------------------------------------


def print_answers(terminal: Terminal, answers: Sequence[Answer], card: Card) -> None:
    """A table of answers, the tutorial's sentence where the truth is known, and the films that could not be judged."""
    shown = {entry.name: entry.shown(terminal.language) for entry in card.classes}
    table, sentences = [], []
    for answer in answers:
        if answer.probabilities is None:
            continue
        predicted = card.classes[int(answer.probabilities.argmax())]
        probabilities = [f"{probability:.3f}" for probability in answer.probabilities]
        names = " ".join(dict.fromkeys((predicted.en, predicted.zh)))
        decision = [] if answer.set is None else [set_words(answer.set, card, terminal.language)]
        table.append([answer.number, answer.path, names, *decision, *probabilities])
        if answer.truth:
            sentences.append((answer.number, shown[answer.truth], shown[predicted.name]))
    headings = [terminal.text(f"prediction.{name}") for name in ("number", "film", "label")]
    if card.calibration is not None:
        headings.append(terminal.text("prediction.set", coverage=100 * card.calibration.coverage))
    if table:
        terminal.table([*headings, *shown.values()], table, left=len(headings))
    for number, truth, predicted_name in sentences:
        terminal.say("prediction.sentence", number=number, truth=truth, predicted=predicted_name)
    for answer in answers:
        for code in answer.warnings:
            terminal.warn("warning", about=answer.path, message=terminal.text(code))
        if answer.error is not None:
            terminal.fail(answer.error, about="" if "path" in answer.error.parameters else answer.path)


def set_words(members: Sequence[int], card: Card, language: str) -> str:
    """A film's set in words.

    A single class, "viral pneumonia or COVID-19: not decided", "any class: not decided", "none of the classes".
    """
    if len(members) == len(card.classes):
        return text("sets.any", language)
    names = [card.classes[number].shown(language) for number in members]
    if not names:
        return text("sets.empty", language)
    joined = reduce(lambda first, second: text("sets.or", language, first=first, second=second), names)
    return joined if len(names) == 1 else text("sets.undecided", language, names=joined)


def answers_summary(
    answers: Sequence[Answer], card: Card, language: str, predictive: Mapping[str, Any], *, maps: bool
) -> list[dict[str, Any]]:
    """The answers for --json.

    With the predictive values of some classes also what each film is called there; where maps were written, with what
    the model file says against them.
    """
    warning = card.map_warning if maps else ""
    map_warning = {"code": warning, "message": text(warning, language)} if warning else None
    return [
        {
            "path": answer.path,
            "image_id": answer.image_id,
            "truth": answer.truth or None,
            "predicted": None if answer.probabilities is None else card.class_names[int(answer.probabilities.argmax())],
            "probabilities": None
            if answer.probabilities is None
            else dict(zip(card.class_names, answer.probabilities.tolist(), strict=True)),
            "set": None if answer.set is None else [card.class_names[number] for number in answer.set],
            "called": None
            if answer.probabilities is None
            else {
                name: called(answer.probabilities[card.class_names.index(name)], entry["points"])
                for name, entry in predictive.items()
            },
            "warnings": list(answer.warnings),
            "map_warning": map_warning if answer.error is None else None,
            "error": None
            if answer.error is None
            else {"code": answer.error.code, "message": sentence(answer.error, language)},
        }
        for answer in answers
    ]


def print_card(terminal: Terminal, card: Card) -> None:
    """What a model is worth: tested where, calibrated or not."""
    if card.evaluation is None:
        terminal.say("card.not-tested")
    else:
        accuracy = Estimate.from_dict(card.evaluation["accuracy"]).percent(terminal.language)
        terminal.say("card.tested", accuracy=accuracy)
    if card.is_leaking:
        terminal.say("evaluation.leaking")
    if card.calibration is None:
        terminal.say("card.not-calibrated")
    else:
        fitted = card.calibration
        terminal.say("card.calibrated", films=sum(fitted.films), coverage=100 * fitted.coverage)
    terminal.say("card.not-for-diagnosis")


def print_maps(terminal: Terminal, card: Card) -> None:
    """What a model's class maps are worth."""
    if card.maps is None or card.map_warning:
        terminal.say(card.map_warning)
    else:
        terminal.say("card.maps-faithful", n=card.maps["n"])


# --- training --------------------------------------------------------------------------------------------------------


class TrainingDisplay:
    """Shows how a run goes: progress, the index, and the tutorial's line every 30 batches."""

    def __init__(self, terminal: Terminal, stack: ExitStack) -> None:
        self.terminal, self.stack = terminal, stack
        self.update: Callable[..., None] | None = None

    def on_scan(self, done: int, total: int) -> None:
        """Films decoded so far."""
        if self.update is None:
            self.update = self.stack.enter_context(self.terminal.progress("progress.scan"))
        self.update(done, total)

    def on_index(self, index: Index) -> None:
        """The index is there."""
        self.stack.close()
        print_index(self.terminal, index)

    def on_start(self, plan: "Plan", first_step: int, facts: dict[str, Any]) -> None:
        """A training starts, or goes on from `first_step`."""
        self.plan, self.began, self.num_films = plan, time.monotonic(), 0
        self.terminal.say("train.resume" if first_step else "train.start", step=first_step, steps=plan.steps, **facts)
        self.update = self.stack.enter_context(self.terminal.progress("progress.train", plan.steps))

    def on_step(self, step: "Step", num_films: int) -> None:
        """A step is done."""
        assert self.update is not None
        self.num_films += num_films
        speed = self.num_films / (time.monotonic() - self.began)
        note = self.terminal.text("progress.note", loss=step.loss, accuracy=100 * step.accuracy, speed=speed)
        self.update(step.step + 1, self.plan.steps, note)
        in_epoch = self.plan.place(step.step)[1]
        if in_epoch % LINE_STEPS == 0:
            self.terminal.line(tutorial_line(step, in_epoch))
        if step.validation_loss is not None and step.validation_accuracy is not None:
            self.terminal.say(
                "train.epoch",
                epoch=step.epoch,
                epochs=self.plan.epochs,
                size=self.plan.sizes_px[step.epoch],
                loss=step.validation_loss,
                accuracy=100 * step.validation_accuracy,
            )

    def on_warning(self, error: PlainfilmError) -> None:
        """Something was passed over."""
        self.terminal.fail(error)


def print_result(terminal: Terminal, result: "Result") -> None:
    """What a finished run found, and where it lies."""
    if result.validation and "accuracy" in result.validation:
        terminal.say(
            "train.kept", epoch=int(result.validation["epoch"]), accuracy=f"{100 * result.validation['accuracy']:.1f}"
        )
    elif result.validation:
        terminal.say("train.kept-last", epoch=int(result.validation["epoch"]))
    terminal.say("train.parity", difference=f"{result.parity:.1e}")
    print_evaluation(terminal, result.test.figures, result.card)
    print_maps(terminal, result.card)
    for notice in result.notices:
        terminal.warn(notice)
    terminal.say("train.done", run=str(result.run))
