"""Two models beside each other."""

from collections.abc import Iterator

from plainfilm.evaluation.comparison import Comparison
from plainfilm.messages import say
from plainfilm.present.blocks import Block, Note, Table
from plainfilm.present.figure_rows import head, marked, name_of, overall, scale_of
from plainfilm.present.words import figure

KEYS = ("compare.first", "compare.second", "compare.difference")


def comparison(found: Comparison) -> Iterator[Block]:
    """What `plainfilm.evaluation.comparison.compare` found."""
    title = say("compare.title", films=found.films, groups=found.groups, **found.left_out)
    cells = tuple(
        (name_of(name), say(key), *figure(part[name], scale=scale_of(name)))
        for name in overall()
        for key, part in zip(KEYS, (found.first, found.second, found.difference), strict=True)
    )
    yield Table(title, head(say("evaluation.figure"), say("compare.model")), cells, left=2)
    yield from marked(entry for part in (found.first, found.second) for entry in part.values())
    yield Note(say("compare.mcnemar", **vars(found.mcnemar)))
    if found.groups < found.films:
        yield Note(say("compare.grouped"))
