"""Two models beside each other."""

from collections.abc import Iterator

from plainfilm.messages import say
from plainfilm.present.blocks import Block, Note, Table
from plainfilm.present.figure_rows import Figures, head, marked, name_of, overall, scale_of
from plainfilm.present.words import figure

PARTS = {"first": "compare.first", "second": "compare.second", "difference": "compare.difference"}


def comparison(found: Figures) -> Iterator[Block]:
    """What `plainfilm.evaluation.comparison.compare` found."""
    title = say("compare.title", films=found["films"], groups=found["groups"], **found["left_out"])
    cells = tuple(
        (name_of(name), say(key), *figure(found[part][name], scale=scale_of(name)))
        for name in overall()
        if name in found["difference"]
        for part, key in PARTS.items()
    )
    yield Table(title, head(say("evaluation.figure"), say("compare.model")), cells, left=2)
    yield from marked(entry for part in ("first", "second") for entry in found[part].values())
    yield Note(say("compare.mcnemar", **found["mcnemar"]))
    if found["groups"] < found["films"]:
        yield Note(say("compare.grouped"))
