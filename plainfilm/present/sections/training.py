"""The model and its training: recipe in words, curves, the epoch that was kept."""

import math
from collections.abc import Callable, Sequence

from markupsafe import Markup

from plainfilm.messages import Text, say
from plainfilm.model.card import Provenance
from plainfilm.present.blocks import Block, Cell, Charts, Note, Section, Table
from plainfilm.present.charts import Plane, Point, thinned
from plainfilm.present.gather import Gathered
from plainfilm.task import task_of
from plainfilm.training.history import Step

TOLD = {
    "model": ("depth", "width", "networks", "init"),
    "augment": ("policy",),
    "training": (
        *("sizes_px", "epochs", "batch_size", "optimizer", "learning_rate", "weight_decay", "schedule"),
        *("warmup_epochs", "ema_decay", "label_smoothing", "class_weights", "precision", "kernels", "seed"),
    ),
}
"""The fields of a recipe that the table names; all of them stand in the recipe at the end of the report."""

SHARE_FLOORS = (0.0, 0.5, 0.8, 0.9)
"""Where the axis of an accuracy may begin."""


def training(found: Gathered) -> Section:
    """The section of model and training."""
    blocks: list[Block] = []
    if found.card is not None:
        wanted = found.card.preprocessing
        key = "report.training.model" if found.card.provenance.imported is None else "report.training.imported"
        blocks.append(Note(say(key, channels=wanted.channels, size=wanted.size, fit=say(f"report.fit.{wanted.fit}"))))
    if found.recipe is not None:
        blocks.append(_recipe(found))
    if found.history:
        blocks += [_kept(found), _curves(found.history, task_of(found.task_kind).showing.right)]
    else:
        blocks.append(Note(say("report.training.missing"), "missing"))
    return Section("training", say("report.training"), tuple(blocks))


def _recipe(found: Gathered) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for name, keys in TOLD.items():
        section = getattr(found.recipe, name)
        for key in keys:
            value = getattr(section, key)
            shown = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
            rows.append((say(f"report.recipe.{key}"), f"{name}.{key}", shown))
    head = (say("report.data.what"), say("report.training.field"), say("report.value"))
    return Table(say("report.training.recipe"), head, tuple(rows), left=3)


def _kept(found: Gathered) -> Note:
    provenance = Provenance() if found.card is None else found.card.provenance
    validation, films = provenance.validation or {}, provenance.films or {}
    steps, epochs = len(found.history), found.history[-1].epoch + 1
    if "accuracy" in validation:
        return Note(
            say(
                "report.training.kept",
                steps=steps,
                epochs=epochs,
                epoch=int(validation["epoch"]),
                n=films["validation"],
            )
        )
    return Note(say("report.training.kept-last", steps=steps, epochs=epochs))


def _curves(history: Sequence[Step], right: str) -> Charts:
    """Of the loss, and of what is right: `right`, the key of its name."""
    return Charts(
        (
            _curve(history, say("figure.loss"), lambda step: step.loss, lambda step: step.validation_loss),
            _curve(
                history,
                say(right),
                lambda step: step.accuracy,
                lambda step: step.validation_accuracy,
                is_share=True,
            ),
        ),
        say("report.training.curves"),
    )


def _curve(
    history: Sequence[Step],
    name: Text,
    of_step: Callable[[Step], float],
    of_validation: Callable[[Step], float | None],
    *,
    is_share: bool = False,
) -> Markup:
    trained = thinned([(float(step.step), of_step(step)) for step in history])
    judged: list[Point] = [(float(step.step), value) for step in history if (value := of_validation(step)) is not None]
    highest = max((y for _, y in (*trained, *judged)), default=1.0)
    lowest = min((y for _, y in (*trained, *judged)), default=0.0)
    plane = Plane(
        name,
        (0, max(float(history[-1].step), 1.0)),
        (max((floor for floor in SHARE_FLOORS if floor <= lowest), default=0.0), 1.0)
        if is_share
        else (0.0, math.ceil(highest * 5) / 5 or 1.0),
        percent=("y",) if is_share else (),
    )
    plane.line(trained, "curve")
    plane.line(judged, "curve second")
    plane.dots(judged)
    plane.name_x(say("figure.step"))
    return plane.drawn(say("report.training.curve", name=name))
