"""`plainfilm doctor`: what is wrong with this install, a data set, an image or a model file, in words.

Nothing is written, nothing is changed. What is asked about decides who looks: nothing, the install; a model file, that;
a folder, archive or table, a data set; any other file, one image. A model file and what follows it are asked about
together, too: are these films like those that the model was tested on?
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from plainfilm.data.decoding.film import DOUBTED, Film
from plainfilm.data.decoding.film_file import decode
from plainfilm.data.sources.balance import Balance
from plainfilm.data.sources.listing import ARCHIVES
from plainfilm.data.sources.reading import PLAIN, Progress, Reading
from plainfilm.data.sources.table import TABLES
from plainfilm.errors import PlainfilmError, SourceError, UsageError
from plainfilm.estimate import Estimate
from plainfilm.io.files import single_film
from plainfilm.messages import Listed
from plainfilm.model.card import Card
from plainfilm.model.packaged import is_model
from plainfilm.present.findings import Diagnosis, Finding, note, of_error, ok, problem
from plainfilm.task import task_of
from plainfilm.workflows.checks_of_data import has_usual_shape, look_at_data
from plainfilm.workflows.checks_of_install import look_at_install

COLOUR_CHROMA = 8.0  # mean difference between the channels, of 255, from which a film is called coloured


def diagnose(
    paths: Sequence[Path], tables: Sequence[Path] = (), *, reading: Reading = PLAIN, progress: Progress | None = None
) -> Iterator[Diagnosis]:
    """What is found about each path, or about the install if there is none.

    Folders, archives and tables are one data set together, as for `index`; `tables` belong to them. Raises UsageError
    if there are too many tables.
    """
    sources = [path for path in paths if _is_data(path)]
    with_model = len(paths) > 1 and is_model(paths[0])
    if len(tables) > len(paths) != 1:
        raise UsageError("tables-too-many", tables=len(tables), sources=len(paths))
    if not paths:
        yield Diagnosis("", tuple(look_at_install(Path.cwd())))
    elif with_model:
        yield _together(paths[0], paths[1:], tables, reading)
    for path in paths:
        if path in sources[1:]:  # goes with the first
            continue
        together = sources if path in sources else [path]
        try:
            findings, balance = _look(together, tables, reading, progress, for_training=not with_model)
        except PlainfilmError as error:
            findings, balance = [of_error(error)], None
        yield Diagnosis(", ".join(map(str, together)), tuple(findings), balance)


def _together(model: Path, films: Sequence[Path], tables: Sequence[Path], reading: Reading) -> Diagnosis:
    """Whether films are like those that a model was tested on."""
    from plainfilm.model.predictor import Predictor  # as below
    from plainfilm.model.shift import place_of
    from plainfilm.present.statements import shift_words
    from plainfilm.workflows.answers import predict, shift_of

    try:
        predictor = Predictor(model, assume_chest=reading.assume_chest)
        answered = list(predict(predictor, films, tables, reading=reading))
    except PlainfilmError as error:
        return Diagnosis(str(model), (of_error(error),))
    shift = shift_of(predictor.home, answered)
    kind = {"abroad": problem, "home": ok}.get(place_of(shift), note)
    finding = kind("doctor.shift", words=shift_words(shift))
    refused = sum(answer.is_refused for answer in answered)
    unreadable = sum(answer.error is not None for answer in answered)
    counts = ok("doctor.films", films=len(answered), refused=refused, unreadable=unreadable)
    return Diagnosis(", ".join(map(str, (model, *films))), (counts, finding))


def _is_data(path: Path) -> bool:
    """Whether a path is a data set or a part of one."""
    return path.is_dir() or (path.exists() and path.suffix.lower() in (*ARCHIVES, *TABLES))


def _look(
    paths: Sequence[Path], tables: Sequence[Path], reading: Reading, progress: Progress | None, *, for_training: bool
) -> tuple[list[Finding], Balance | None]:
    """What is found about a path, or the sources of a data set, and the balance of its files."""
    path = paths[0]
    if not path.exists():
        raise SourceError("source-missing", path=str(path))
    if _is_data(path):
        return look_at_data(paths, tables, reading, progress, for_training=for_training)
    if is_model(path):
        return list(_look_at_model(path)), None
    film = decode(single_film(path).read(path.name), assume_chest=reading.assume_chest)
    return list(_look_at_film(film)), None


def _look_at_film(film: Film) -> Iterator[Finding]:
    height, width = film.pixels.shape
    yield ok("doctor.film", width=width, height=height, mode=film.mode, bits=film.bits, chroma=film.chroma)
    low, high = int(film.pixels.min()), int(film.pixels.max())
    for code in film.warnings:
        if low < high or code not in DOUBTED:  # of a blank one, the end tells more
            yield Finding("problem" if code in DOUBTED else "note", code)
    if film.chroma > COLOUR_CHROMA:
        yield note("doctor.film-coloured", chroma=film.chroma)
    if not has_usual_shape(width, height):
        yield note("doctor.film-shape", width=width, height=height)
    if low == high:
        yield Finding("problem", "doctor.film-blank", {"value": low})


def _look_at_model(path: Path) -> Iterator[Finding]:
    """What is found in a model file. Raises ModelFileError where it cannot be used."""
    from plainfilm.model.predictor import Predictor  # brings ONNX Runtime, which may be what is missing

    predictor = Predictor(path)
    card = predictor.card
    wanted = card.preprocessing
    yield ok("doctor.model", version=card.format_version, weights=card.weights_sha256[:16])
    yield ok("doctor.model-classes", classes=Listed(card.classes))
    yield ok("doctor.model-pixels", size=wanted.size, channels=wanted.channels, fit=wanted.fit)
    blank = predictor.answer(np.zeros((1, wanted.channels, wanted.size, wanted.size), np.uint8))
    if not all(np.isfinite(part).all() for part in (blank.logits, blank.class_maps, blank.features)):
        yield problem("doctor.model-not-finite")
    yield from _worth(card)
    packages = card.provenance.packages
    if packages:
        made_with = ", ".join(f"{name} {version}" for name, version in packages.items())
        yield ok("doctor.model-packages", packages=made_with)
    else:
        yield note("doctor.model-no-packages")


def _worth(card: Card) -> Iterator[Finding]:
    """Tested, calibrated, guarded, its maps checked?"""
    headline = task_of(card.task_kind).headline
    estimate = None if card.evaluation is None else card.evaluation.overall[headline]
    if estimate is None or not estimate.estimable:
        yield note("card.not-tested")
    elif headline == "accuracy":
        low, high = 100 * estimate.low, 100 * estimate.high
        yield ok("doctor.model-tested", value=100 * estimate.value, low=low, high=high, n=estimate.n)
    else:
        yield _tested_by(headline, estimate, card)
    if card.is_leaking:
        yield problem("evaluation.leaking")
    yield note("card.not-calibrated") if card.calibration is None else ok("doctor.model-calibrated")
    yield note("card.no-gate") if card.gate is None else ok("doctor.model-gate")
    yield note("card.no-shift") if card.shift is None else ok("doctor.model-shift", films=sum(card.shift.films))
    finding = ok if card.map_health == "card.maps-faithful" else note
    doubted = Listed(tuple(map(card.shown, card.doubted_maps)))
    yield finding(card.map_health, n=None if card.maps is None else card.maps.n, names=doubted)


def _tested_by(headline: str, estimate: Estimate, card: Card) -> Finding:
    """The first figure of the test; of a mean over findings, over how many."""
    key, n, of = f"figure.{headline}", estimate.n, len(card.classes)
    value, low, high = (f"{number:.3f}" for number in (estimate.value, estimate.low, estimate.high))
    if card.macro_over is None:
        return ok("doctor.model-tested-by", figure_key=key, value=value, low=low, high=high, n=n)
    count = len(card.macro_over)
    return ok("doctor.model-tested-over", figure_key=key, count=count, of=of, value=value, low=low, high=high, n=n)
