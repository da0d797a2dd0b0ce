"""`plainfilm evaluate`: a model file on films from elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from plainfilm.data.film_index import Index, Row, data_checksum, reason_left_out, with_known_labels
from plainfilm.data.films import Films
from plainfilm.data.sources.balance import Balance
from plainfilm.data.sources.labels import notes_of, spellings
from plainfilm.data.sources.listing import Listing, balance_of
from plainfilm.data.sources.reading import PLAIN, Progress, Reading
from plainfilm.errors import SourceError
from plainfilm.evaluation.decisions import add_predictive_values
from plainfilm.evaluation.evaluation import Evaluation, evaluate, write_evaluation
from plainfilm.evaluation.external import ExternalMetrics, look_for_seen, seen_figures, write_seen
from plainfilm.evaluation.fall import fall
from plainfilm.io import files
from plainfilm.model.predictor import Predictor
from plainfilm.model.seen import Sighting
from plainfilm.workflows.prepare import scanned

NO_SPLIT = {"kind": "none"}  # films that are only judged


@dataclass(frozen=True)
class ExternalEvaluation(Evaluation):
    """An Evaluation of films from elsewhere."""

    figures: ExternalMetrics


def evaluate_sources(
    predictor: Predictor,
    sources: Sequence[Path],
    tables: Sequence[Path],
    *,
    reading: Reading = PLAIN,
    prevalences: Mapping[str, float] | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> tuple[ExternalEvaluation, list[Row], Balance]:
    """Judge all films of the sources whose class the model knows and that it has not seen; with `out` also write the
    Evaluation there, and `seen.csv`.

    The figures say besides what was left out as seen (`seen`), how much worse they are than those of the model's own
    test (`fall`), and of which files they are (`data_sha256`; the model is named by its weights' checksum).
    `prevalences` of classes add what their operating points predict at these: `predictive_values` in the figures.
    Returns the Evaluation, the rows of all films, of which some may be
    unreadable, and the balance of all files. Raises SourceError where no film is left.
    """
    if out is not None:
        files.writable_folder(out)
    wanted = predictor.card.preprocessing
    classes = predictor.card.class_names
    with scanned(sources, tables, size_px=wanted.size, fit=wanted.fit, reading=reading, progress=progress) as (
        listing,
        found,
        store,
    ):
        rows = with_known_labels(found, classes)
        films = Films.of(Index(tuple(rows), tuple(sources), classes, NO_SPLIT, reading=reading), store)
        sightings = look_for_seen(predictor, films)
        unseen = [row for row, sighting in enumerate(sightings) if not sighting.kind]
        if len(unseen) < len(rows) and not films.judged(unseen):
            raise SourceError("evaluation-all-seen", films=len(rows), count=len(rows) - len(unseen))
        judged = evaluate(predictor, films, unseen, name="elsewhere")
    tested, measured = predictor.card.evaluation, judged.figures
    own, leaking = (None, False) if tested is None else (tested.overall, bool(tested.others.get("leaking", False)))
    balance = _balance(listing, found, judged.rows, sightings, classes)
    figures = ExternalMetrics(
        **vars(measured),
        seen=seen_figures(predictor, rows, sightings),
        fall=fall(own, measured.overall, leaking=leaking),
        balance=balance.counts(),
        data_sha256=data_checksum(rows),
        predictive_values=add_predictive_values(measured.operating_points or {}, prevalences) if prevalences else None,
    )
    evaluation = ExternalEvaluation(**(vars(judged) | {"figures": figures}))
    if out is not None:
        write_evaluation(evaluation, classes, out)
        write_seen(rows, sightings, out)
    return evaluation, rows, balance


def _balance(
    listing: Listing, found: Sequence[Row], judged: Sequence[Row], sightings: Sequence[Sighting], classes: Sequence[str]
) -> Balance:
    """What became of the files: judged, seen by the model before, or left out for another reason."""
    used = {(row.origin, row.path) for row in judged}
    reasons = [
        "" if (row.origin, row.path) in used else "seen" if sighting.kind else reason_left_out(row) or "class-unknown"
        for row, sighting in zip(found, sightings, strict=True)
    ]
    return balance_of(listing, reasons, notes_of(spellings((row.label for row in found), classes)))
