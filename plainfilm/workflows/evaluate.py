"""`plainfilm evaluate`: a model file on films from elsewhere."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from plainfilm import files
from plainfilm.data.index import Row
from plainfilm.data.scan import Progress
from plainfilm.evaluation.decisions import add_predictive_values
from plainfilm.evaluation.evaluate import Evaluation, evaluate, write_evaluation
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
    """Judge all films of the sources whose class the model knows; with `out` also write the Evaluation there.

    `prevalences` of classes add what their operating points predict at these: `predictive_values` in the figures.
    Returns the Evaluation, and the rows of all films: some may be unreadable.
    """
    if out is not None:
        files.writable_folder(out)
    wanted = predictor.card.preprocessing
    name = "+".join(path.stem for path in sources)
    with scanned(sources, tables, size_px=wanted.size, fit=wanted.fit, progress=progress) as (rows, store):
        evaluation = evaluate(predictor, rows, range(len(rows)), store, name=name)
    if prevalences:
        evaluation.figures["predictive_values"] = add_predictive_values(
            evaluation.figures["operating_points"], prevalences
        )
    if out is not None:
        write_evaluation(evaluation, predictor.card.class_names, out)
    return evaluation, rows
