"""An external test: which films of a source the model has seen. They are left out, counted, listed in `seen.csv`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from plainfilm import records
from plainfilm.data.decoding.film import BLANK
from plainfilm.data.film_index import Index, Row
from plainfilm.data.films import Films
from plainfilm.data.sources.balance import Counts
from plainfilm.evaluation.decisions import PredictiveValues
from plainfilm.evaluation.evaluation import Metrics
from plainfilm.evaluation.generalisation_gap import GeneralisationGap
from plainfilm.io import files, tables
from plainfilm.io.run_folder import SEEN
from plainfilm.model.predictor import Predictor
from plainfilm.model.seen import KINDS, SeenCounts, Sighting


@dataclass(frozen=True)
class Seen:
    """How many films the model has seen, in all and by class, of the readable ones; None if nobody can say."""

    listed: bool
    films: int
    exact: int | None
    near: int | None
    related: int | None
    classes: Mapping[str, Mapping[str, int]] | None = field(default=None, metadata=records.ABSENT)
    model: SeenCounts | None = field(default=None, metadata=records.ABSENT)  # how many it has seen elsewhere


@dataclass(frozen=True, kw_only=True)
class ExternalMetrics(Metrics):
    """The content of metrics.json of an external test."""

    seen: Seen | None  # what was left out as seen; None: an older file
    fall: GeneralisationGap | None  # None: the model was not tested on films of its own
    balance: Counts | None  # None: an older file
    data_sha256: str = ""  # of which files the figures are
    predictive_values: Mapping[str, PredictiveValues] | None = field(
        default=None, metadata=records.ABSENT
    )  # at prevalences


def look_for_seen(predictor: Predictor, films: Films) -> list[Sighting]:
    """What the model's file knows of each film; nothing if it has no list."""
    rows = films.index.rows
    if predictor.seen is None:
        return [Sighting("", 0.0)] * len(rows)
    image_ids = ["" if BLANK in row.problems else row.image_id for row in rows]
    return predictor.seen.sightings(image_ids, films.groups(range(len(rows))), films.store)


def seen_figures(predictor: Predictor, index: Index, sightings: Sequence[Sighting]) -> Seen:
    """How many of the films the model has seen."""
    readable = [(row, sighting) for row, sighting in zip(index.rows, sightings, strict=True) if row.image_id]
    if predictor.seen is None:
        return Seen(listed=False, films=len(readable), exact=None, near=None, related=None)
    counts = Counter(sighting.kind for _, sighting in readable)
    by_class: dict[str, Counter[str]] = {}
    for row, sighting in readable:
        for name in index.counted(row):
            by_class.setdefault(name, Counter()).update([sighting.kind])
    return Seen(
        listed=True,
        films=len(readable),
        **{kind: counts[kind] for kind in KINDS},
        classes={label: {kind: of_class[kind] for kind in KINDS} for label, of_class in sorted(by_class.items())},
        model=predictor.seen.counts,
    )


def write_seen(rows: Sequence[Row], sightings: Sequence[Sighting], folder: Path) -> None:
    """Write `seen.csv`, the films that were left out because the model has seen them, for who wants to look at them."""
    table: list[Sequence[object]] = [("path", "image_id", "group", "label", "seen", "likeness")]
    for row, sighting in zip(rows, sightings, strict=True):
        if sighting.kind:
            table.append([row.path, row.image_id, row.group, row.label, sighting.kind, f"{sighting.likeness:.3f}"])
    files.write_text(folder / SEEN, tables.to_csv(table))
