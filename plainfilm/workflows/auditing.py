"""`plainfilm audit`: what leaks in a data set, and what tells its classes apart without the lungs."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from threadpoolctl import threadpool_limits

from plainfilm import records
from plainfilm.audits.finding_probes import TABLE
from plainfilm.audits.findings import Audit
from plainfilm.audits.leaks import audit_leaks
from plainfilm.audits.shortcuts import run_model
from plainfilm.config import Recipe, load_recipe
from plainfilm.data.decoding.file_facts import read_facts
from plainfilm.data.duplicates.twins import confirmed_pairs
from plainfilm.data.film_index import Index, is_index, read_index, reopen
from plainfilm.data.films import Films
from plainfilm.data.sources.reading import PLAIN, Progress, Reading
from plainfilm.errors import UsageError
from plainfilm.estimate import Estimate
from plainfilm.evaluation.metrics import Floats
from plainfilm.io import files
from plainfilm.io.run_folder import AUDIT, Run, held
from plainfilm.model import modelfile
from plainfilm.model.card import Audited, Record
from plainfilm.model.predictor import Predictor
from plainfilm.present.audit_figures import draw_shortcuts
from plainfilm.present.gather import gather
from plainfilm.present.pairs_page import write_pairs
from plainfilm.task import task_of
from plainfilm.workflows.prepare import check_films, fill_store, make_films, moved

FORMAT_VERSION = 1
SIZE_PX = 224  # of the films, if no model sets it


def audit_run(
    run: Run, out: Path, *, sources: Sequence[Path] = (), language: str, progress: Progress | None = None
) -> Audit:
    """Audit the films and the model of a run; `sources` are the new places of its sources, in order, if they moved.

    Raises SourceError if the films are no longer there, or others than the run was trained on; UsageError.
    """
    recipe, index = load_recipe(str(run.recipe)), read_index(run.index)
    if sources:
        index = moved(index, sources, progress)
    else:
        check_films(index, progress)
    films = Films.open(index, run.folder, size_px=recipe.size_px, fit=recipe.data.fit)
    if films is None:  # a training there may be decoding them at this moment
        with held(run.folder):
            films = fill_store(index, recipe, run.folder, progress)
    found = audit(films, Predictor(run.model), out, language=language)
    tell_model(run, found)
    return found


def tell_model(run: Run, found: Audit) -> None:
    """Write into the model file of a run what the audit found, and how it did in tests elsewhere that the run holds.

    So page, terminal and report can say it with every answer.
    """
    audited = told(found)
    if audited is None:
        return
    kept = tuple(
        Record(name, figures.overall["accuracy"], figures.guessed)
        for name, figures in gather(run).external.items()
        if getattr(figures, "guessed", None) is not None and figures.model == found.model
    )
    with held(run.folder):
        model = modelfile.opened(run.model)
        replace(model, card=replace(model.card, audited=audited, track_record=kept or None)).write()


def told(found: Audit) -> Audited | None:
    """What a card says of an audit: the worst view of classes; of findings, the table probe and its mean AUC."""
    shortcuts = found.shortcuts
    if shortcuts is not None and shortcuts.model is not None and shortcuts.verdict.share is not None:
        return Audited(
            view=shortcuts.verdict.view,
            accuracy=shortcuts.verdict.accuracy,
            chance=shortcuts.chance,
            model=shortcuts.model,
            share=shortcuts.verdict.share,
        )
    table = None if found.findings is None else found.findings.table
    if table is None or table.model is None or table.gain is None:
        return None
    chance = Estimate(0.5, 0.5, 0.5, table.macro.n)
    return Audited(view=TABLE, accuracy=table.macro, chance=chance, model=table.model, share=table.gain)


def audit_sources(
    sources: Sequence[Path],
    tables: Sequence[Path],
    recipe: Recipe,
    *,
    reading: Reading = PLAIN,
    model: Path | None,
    out: Path | None,
    language: str,
    progress: Progress | None = None,
) -> Audit:
    """Audit the films of sources; with a model, as it answers the films of its own test part.

    The recipe sets the split, unless the source is an `index.csv`, which has one. Raises UsageError if the model was
    trained on other films or by another split: it would be judged on films that it knows.
    """
    predictor = None if model is None else Predictor(model)
    size_px, fit = SIZE_PX, recipe.data.fit
    if predictor is not None:
        size_px, fit = predictor.card.preprocessing.size, predictor.card.preprocessing.fit
    sized = replace(
        recipe, data=replace(recipe.data, fit=fit), training=replace(recipe.training, sizes_px=(size_px,), epochs=(1,))
    )
    with files.temporary_folder() as folder:
        if len(sources) == 1 and is_index(sources[0]):
            films = fill_store(read_index(sources[0]), sized, folder, progress)
        else:
            films = make_films(sources, tables, sized, folder, reading=reading, progress=progress)
        if predictor is not None:
            _check_model(predictor, films.index)
        return audit(films, predictor, out, language=language)


def audit(
    films: Films,
    predictor: Predictor | None,
    out: Path | None,
    *,
    language: str,
    cheap: bool = False,
    probabilities: Floats | None = None,
) -> Audit:
    """Audit films; with `out`, write audit.json, the pairs and the figure there.

    `probabilities`: what `run_model` would find without features, if that is known.
    numpy's linear algebra has one thread here, so that the same films give the same bits.
    """
    index = films.index
    if out is not None:
        files.writable_folder(out)
    with threadpool_limits(1, user_api="blas"):
        features = None
        if predictor is not None and probabilities is None:
            probabilities, features = run_model(predictor, films, with_features=not cheap)
        pairs = confirmed_pairs(films)
        probed = task_of(index.task_kind).probe(
            films,
            facts=None if cheap else read_facts(reopen(index), index.rows),
            probabilities=probabilities,
            features=features,
            cheap=cheap,
        )
        found = Audit(
            format_version=FORMAT_VERSION,
            films=len(index.rows),
            classes=index.classes,
            sources=tuple(sorted({row.source for row in index.rows})),
            data_checksum=index.data_checksum,
            split_checksum=index.split_checksum,
            model=None if predictor is None else predictor.card.weights_sha256,
            leaks=audit_leaks(films, pairs),
            **{"shortcuts": None, **probed},
        )
    if out is not None:
        files.write_json(out / AUDIT, records.as_dict(found))
        write_pairs(out, index, pairs, films.store, language=language)
        if found.shortcuts is not None:
            draw_shortcuts(found.shortcuts, out / "shortcuts.png", language=language)
    return found


def _check_model(predictor: Predictor, index: Index) -> None:
    for key, expected in (("data_sha256", index.data_checksum), ("split_sha256", index.split_checksum)):
        if getattr(predictor.card.provenance, key) != expected:
            raise UsageError("audit-model-other", what_key=f"audit.{key}")
