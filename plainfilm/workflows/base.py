"""The run that given weights come from: what it has learned from must not be the test of a training that goes on."""

from pathlib import Path

from plainfilm.data.film_index import Index, read_index
from plainfilm.errors import SourceError, SplitError
from plainfilm.io.run_folder import Run

LEARNED_FROM = ("train", "validation")  # the parts of a run that its weights depend on


def check_base(weights: Path, index: Index) -> None:
    """Raise SplitError if `weights` lie in a run that has learned from test films of `index`.

    Of weights that lie elsewhere nobody knows what they have seen; the model file then says so.
    """
    run = _run_of(weights)
    if run is None:
        return
    try:
        base = read_index(run.index)
    except SourceError:
        return
    learned_from = {row.image_id for row in base.rows if row.split in LEARNED_FROM}
    test = [index.rows[number].image_id for number in index.part("test")]
    count = sum(image_id in learned_from for image_id in test)
    if count:
        raise SplitError("init-saw-test", count=count, films=len(test), run=str(run.folder), index=str(run.index))


def _run_of(weights: Path) -> Run | None:
    """The run in which a file lies, itself or among the checkpoints; None if it lies in none."""
    near = map(Run, weights.resolve().parents[:2])
    return next((run for run in near if run.is_begun and run.index.is_file()), None)
