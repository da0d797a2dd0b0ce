"""`plainfilm evaluate`: a model file on films from elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from plainfilm import files
from plainfilm.data.index import Row, data_checksum
from plainfilm.data.scan import Progress
from plainfilm.errors import SourceError
from plainfilm.evaluation.decisions import add_predictive_values
from plainfilm.evaluation.evaluate import Evaluation, evaluate, is_judged, write_evaluation
from plainfilm.evaluation.external import look_for_seen, seen_figures, write_seen
from plainfilm.evaluation.fall import fall
from plainfilm.model.predictor import Predictor
from plainfilm.workflows.prepare import scanned


def evaluate_sources(
    predictor: Predictor,
    sources: Sequence[Path],
    tables: Sequence[Path],
    *,
    prevalences: Mapping[str, float] | None = None,
    out: Path | None = None,
    progress: Progress | None = None,
) -> tuple[Evaluation, list[Row]]:
    """Judge all films of the sources whose class the model knows and that it has not seen; with `out` also write the
    Evaluation there, and `seen.csv`.

    The figures say besides what was left out as seen (`seen`), how much worse they are than those of the model's own
    test (`fall`), and of which files they are (`data_sha256`; the model is named by its weights' checksum).
    `prevalences` of classes add what their operating points predict at these: `predictive_values` in the figures.
    Returns the Evaluation, and the rows of all films: some may be unreadable. Raises SourceError where no film is left.
    """
    if out is not None:
        files.writable_folder(out)
    wanted = predictor.card.preprocessing
    with scanned(sources, tables, size_px=wanted.size, fit=wanted.fit, progress=progress) as (rows, store):
        sightings = look_for_seen(predictor, rows, store)
        unseen = [number for number, sighting in enumerate(sightings) if not sighting.kind]
        classes = predictor.card.class_names
        if len(unseen) < len(rows) and not any(is_judged(rows[number], classes) for number in unseen):
            raise SourceError("evaluation-all-seen", films=len(rows), count=len(rows) - len(unseen))
        evaluation = evaluate(predictor, rows, unseen, store, name="elsewhere")
    evaluation.figures["seen"] = seen_figures(predictor, rows, sightings)
    evaluation.figures["fall"] = fall(predictor.card.evaluation, evaluation.figures)
    evaluation.figures["data_sha256"] = data_checksum(rows)
    if prevalences:
        evaluation.figures["predictive_values"] = add_predictive_values(
            evaluation.figures["operating_points"], prevalences
        )
    if out is not None:
        write_evaluation(evaluation, classes, out)
        write_seen(rows, sightings, out)
    return evaluation, rows
