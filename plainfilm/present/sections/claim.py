"""The CLAIM 2024 checklist: 44 items, each filled by the program, by the recipe, in part, or left to the authors.

The items are those of Tejani et al. 2024, Radiology: Artificial Intelligence 6(4):e240300, by their numbers, in our own
words. The program fills an item only where an artefact of the run holds the answer, and says where in the report it
stands; an item that needs knowledge of patients, readers or funding is never filled by it.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from plainfilm.data.film_index import train_only
from plainfilm.evaluation.registry import FIGURES
from plainfilm.messages import Listed, Text, say
from plainfilm.present.blocks import Block, Cell, Lines, Link, Note, Section, Table
from plainfilm.present.gather import Gathered
from plainfilm.present.sections.data import DESCRIBED
from plainfilm.present.sections.findings import OF_FINDING
from plainfilm.task import CLASSES

NUM_ITEMS = 44
TOPICS = (  # the first item of each part of the checklist
    *((1, "title"), (3, "introduction"), (5, "design"), (7, "data"), (14, "reference"), (19, "partitions")),
    *((21, "testing-data"), (22, "model"), (25, "training"), (28, "evaluation"), (35, "results-data")),
    *((37, "performance"), (40, "discussion"), (42, "other")),
)
STATUSES = ("program", "recipe", "partly", "author")


@dataclass(frozen=True)
class Filling:
    """What the program can say to an item, and the section that shows it; `whole`: nothing is left to the authors."""

    words: Text
    section: str
    whole: bool = True


def claim(found: Gathered) -> Section:
    """The section of the checklist."""
    given = dict(found.recipe.report.claim or {}) if found.recipe is not None else {}
    filled = fillings(found)
    topics = dict(TOPICS)
    rows: list[tuple[Cell, ...]] = []
    for number in range(1, NUM_ITEMS + 1):
        text = given.get(str(number))
        rows.append(
            (
                str(number),
                say(f"claim.topic.{topics[number]}") if number in topics else "",
                say(f"claim.{number}"),
                say(f"claim.status.{status(filled.get(number), text)}"),
                _answer(filled.get(number), text),
            )
        )
    counts = Counter(status(filled.get(number), given.get(str(number))) for number in range(1, NUM_ITEMS + 1))
    head = (say("claim.number"), say("claim.topic"), say("claim.item"), say("claim.status"), say("claim.where"))
    blocks: tuple[Block, ...] = (
        Note(say("claim.counts", items=NUM_ITEMS, **{name: counts[name] for name in STATUSES})),
        Note(say("claim.how")),
        Table(say("claim.table"), head, tuple(rows), left=5),
    )
    return Section("claim", say("claim.title"), blocks)


def status(filling: Filling | None, text: str | None) -> str:
    """One of STATUSES: who has filled an item."""
    if filling is not None and filling.whole:
        return "program"
    if text:
        return "recipe"
    return "author" if filling is None else "partly"


def _answer(filling: Filling | None, text: str | None) -> Lines:
    filled = () if filling is None else (filling.words, Link(filling.section, say("claim.see")))
    return Lines((*filled, text) if text else filled)


def fillings(found: Gathered) -> dict[int, Filling]:
    """What the program can honestly say, by item."""
    return dict([*_of_data(found), *_of_model(found), *_of_figures(found)])


def _of_data(found: Gathered) -> Iterator[tuple[int, Filling]]:
    index, recipe = found.index, found.recipe
    if index is None:
        return
    sources = {row.source for row in index.rows if row.source}
    yield 7, Filling(say("claim.fill.sources", sources=len(sources), archives=len(index.sources)), "data", whole=False)
    yield 8, Filling(say("claim.fill.left-out"), "data", whole=False)
    yield 11, Filling(say("claim.fill.identifiers"), "data", whole=False)
    is_single = index.labelling.is_single
    yield 12, Filling(say("claim.fill.missing" if is_single else "claim.fill.missing-findings"), "data")
    barred = train_only(index.rows, index.split)
    parts = [row.split for row, is_barred in zip(index.rows, barred, strict=True) if is_barred and row.split]
    kept_out = len(parts) if set(parts) == {"train"} else 0  # an older split, or the tutorial's, may not have heeded it
    yield 10, Filling(say("claim.fill.subsets", films=kept_out), "data")
    if recipe is not None:
        kind = say(f"claim.fill.split.{recipe.split.kind}")
        yield 19, Filling(say("claim.fill.partitions", kind=kind, seed=recipe.split.seed), "data")
    key = "claim.fill.leaking" if index.is_leaking else "claim.fill.disjoint"
    yield 20, Filling(say(key), "audit")
    unused = sum(not row.split for row in index.rows)
    yield 35, Filling(say("claim.fill.films", films=len(index.rows), unused=unused), "data")
    if any(row.extra.get(column) for row in index.rows for column in DESCRIBED):
        yield 36, Filling(say("claim.fill.described"), "data", whole=False)


def _of_model(found: Gathered) -> Iterator[tuple[int, Filling]]:
    card, recipe = found.card, found.recipe
    if card is not None:
        yield 1, Filling(say("claim.fill.technology"), "training")
        wanted = card.preprocessing
        fit = say(f"report.fit.{wanted.fit}")
        yield 9, Filling(say("claim.fill.preprocessing", size=wanted.size, fit=fit), "training")
        yield 43, Filling(say("claim.fill.available", weights=card.weights_sha256[:16]), "origin", whole=False)
        if card.provenance.packages:
            yield 23, Filling(say("claim.fill.software"), "origin")
        if card.maps is not None:
            yield 31, Filling(say("claim.fill.maps"), "maps" if card.task_kind == CLASSES else "limits")
    if recipe is None:
        return
    yield 6, Filling(say("claim.fill.goal"), "training", whole=False)
    model = recipe.model
    network = say("claim.fill.model", depth=model.depth, width=model.width, size=recipe.size_px)
    yield 22, Filling(network, "training")
    yield 24, Filling(say("claim.fill.init", init=model.init), "training")
    yield 42, Filling(say("claim.fill.protocol"), "origin", whole=False)
    if found.history:
        yield 25, Filling(say("claim.fill.training"), "training")
        yield 26, Filling(say("claim.fill.selection"), "training")
        key = "claim.fill.ensembling" if model.networks == 1 else "claim.fill.ensembling.mean"
        networks = say(key, decay=recipe.training.ema_decay, networks=model.networks)
        yield 27, Filling(networks, "training")


def _of_figures(found: Gathered) -> Iterator[tuple[int, Filling]]:
    has_classes = found.task_kind == CLASSES
    if found.figures is not None:
        told = [figure.name for figure in FIGURES] if has_classes else OF_FINDING[:-1]
        names = Listed(tuple(say(f"figure.{name}") for name in told))
        yield 28, Filling(say("claim.fill.metrics", figures=names), "results")
        yield 29, Filling(say("claim.fill.intervals"), "results")
        yield 37, Filling(say("claim.fill.performance"), "results")
        if has_classes:
            yield 38, Filling(say("claim.fill.by-class"), "results")
        elif found.card is not None and found.card.calibration is not None:
            yield 38, Filling(say("claim.fill.by-finding"), "decisions")
        if found.history:  # `train` opens the test part once, at its end
            yield 32, Filling(say("claim.fill.internal", n=found.figures.num_films), "results")
    if found.audit is not None:
        yield 30, Filling(say("claim.fill.audit"), "audit")
    if found.external:
        yield 33, Filling(say("claim.fill.external", tests=len(found.external)), "external")
    if has_classes and found.predictions and found.card is not None:
        yield 39, Filling(say("claim.fill.failures"), "maps", whole=False)
    yield 40, Filling(say("claim.fill.limits"), "limits", whole=False)
    yield 41, Filling(say("claim.fill.implications"), "limits", whole=False)
