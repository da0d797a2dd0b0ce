"""The Predictor: films in, answers out. The only inference path; evaluation, prediction, audit and the page all use it.

It needs numpy, Pillow and ONNX Runtime alone.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from plainfilm.data.decoding.film import Film
from plainfilm.data.decoding.film_file import decode, image_id
from plainfilm.data.preprocessing import preprocess
from plainfilm.errors import FilmError, ModelFileError, PlainfilmError
from plainfilm.model.answering import Answering, Decisions
from plainfilm.model.card import Card, check_shapes, parse_card, reason_of
from plainfilm.model.decision import tied
from plainfilm.model.input_check import InputCheck, Verdict, rules_alone
from plainfilm.model.input_measures import describe
from plainfilm.model.modelfile import CARD_KEY, DIGEST_KEY, Model, films_seen, read
from plainfilm.model.shift import Home, Placed
from plainfilm.task import task_of

BATCH_SIZE = 32
NUM_DECODERS = 2  # threads that decode the next batch
MAX_ABREAST = 4  # batches in memory at a time, however many threads there are
OUTPUTS = ("logits", "class_maps", "features")


@dataclass(frozen=True)
class Answers:
    """What the model says of N films."""

    probabilities: NDArray[np.float64]  # (N, K), after calibration; of classes, rows sum to 1
    logits: NDArray[np.float32]  # (N, K), as the network gives them
    class_maps: NDArray[np.float32]  # (N, K, h, w); their mean over h, w plus a bias is the logit
    features: NDArray[np.float32]  # (N, D)
    sets: Decisions | None = None  # (N, K), what is decided of each film: see `answering`; None: not calibrated


@dataclass(frozen=True)
class Prediction:
    """What the model says of one film."""

    image_id: str
    film: Film
    probabilities: NDArray[np.float64]  # (K,)
    class_maps: NDArray[np.float32]  # (K, h, w)
    set: tuple[int, ...] | None  # what is decided: see `Answering.decided`; None: not calibrated
    verdict: Verdict  # of the input check; if it refuses the film, the rest is shown only to who insists
    placed: Placed | None  # beside the films that the model was tested on; None: it cannot say

    @property
    def predicted(self) -> int:
        """The number of the most probable class."""
        return int(self.probabilities.argmax())


class Predictor:
    """A model file, ready to answer.

    predictor = Predictor(Path("model.onnx"))
    predictor.predict_bytes(Path("film.png").read_bytes()).probabilities
    """

    def __init__(
        self, model: Path | Model, *, threads: int = 0, abreast: bool = False, assume_chest: bool = False
    ) -> None:
        """Load a model file, or take one in memory. Raises ModelFileError.

        `threads`: of one answer; 0 leaves it to ONNX Runtime.
        `abreast`: many films are coming: up to MAX_ABREAST batches are answered at the same time and share the threads,
        which otherwise wait for each other in every layer. The answers are the same.
        `assume_chest`: DICOM films show a chest from the front, whatever their headers say: see `decode`.
        """
        self.assume_chest = assume_chest
        path, data = (model.path, model.data) if isinstance(model, Model) else (model, read(model))
        num_abreast = max(min(threads, MAX_ABREAST), 1) if abreast else 1
        self._batches = ThreadPoolExecutor(num_abreast) if abreast else None
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads // num_abreast
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base of their own
            raise ModelFileError("model-unusable", path=str(path), reason=str(error).splitlines()[0]) from error
        metadata = self.session.get_modelmeta().custom_metadata_map
        self.card: Card = parse_card(metadata.get(CARD_KEY, ""), path)
        self.answering: Answering = task_of(self.card.task_kind).answers
        self.file_sha256: str = metadata[DIGEST_KEY]  # of the whole file, with this digest's own digits as zeros
        self.seen = films_seen(metadata, self.card, path)
        self._check_shapes(path)
        self.input_check, self.home = self._read_input_check(path), self._read_home(path)
        self._check_numbers(path)

    def _check_shapes(self, path: Path) -> None:
        """Raise ModelFileError if the card and what ONNX Runtime makes of the graph contradict each other."""
        tensors = (*self.session.get_inputs(), *self.session.get_outputs())
        check_shapes(self.card, {tensor.name: tensor.shape for tensor in tensors}, path)

    def _check_numbers(self, path: Path) -> None:
        """Raise ModelFileError if the network cannot answer a black film, or not with finite numbers."""
        wanted = self.card.preprocessing
        black = np.zeros((1, wanted.channels, wanted.size, wanted.size), np.uint8)
        try:
            outputs = self.session.run(OUTPUTS, {"pixels": black})
        except Exception as error:  # as above
            raise ModelFileError("model-unusable", path=str(path), reason=str(error).splitlines()[0]) from error
        if not all(np.isfinite(output).all() for output in outputs):
            raise ModelFileError("model-unusable", path=str(path), reason="its answers are not finite")

    def _read_input_check(self, path: Path) -> InputCheck | None:
        """The input check of this model, None if none was fitted. Raises ModelFileError for damaged statistics."""
        if self.card.gate is None:
            return None
        try:
            return InputCheck.from_card(self.card.gate, num_features=self._output_shape("features")[1])
        except ValueError as error:
            raise ModelFileError("model-card-damaged", path=str(path), reason=reason_of(error)) from error

    def _read_home(self, path: Path) -> Home | None:
        """What this model knows of its home, None if nothing. Raises ModelFileError for a damaged summary."""
        if self.card.shift is None:
            return None
        num_features, num_kinds = self._output_shape("features")[1], self.answering.num_kinds(len(self.card.classes))
        try:
            return Home.from_card(self.card.shift, num_features=num_features, num_classes=num_kinds)
        except ValueError as error:
            raise ModelFileError("model-card-damaged", path=str(path), reason=reason_of(error)) from error

    @property
    def map_side(self) -> int:
        """Cells a side of a class map, for instance 7 for films of 224 px."""
        return int(self._output_shape("class_maps")[2])

    def _output_shape(self, name: str) -> list[int]:
        """The sides of an output; the first, the number of films, is free."""
        (shape,) = [tensor.shape for tensor in self.session.get_outputs() if tensor.name == name]
        return list(shape)

    def preprocess(self, film: Film) -> NDArray[np.uint8]:
        """A decoded film as the network takes it: (C, S, S) uint8."""
        wanted = self.card.preprocessing
        return preprocess(film.pixels, size=wanted.size, channels=wanted.channels, fit=wanted.fit)

    def answer(self, pixels: NDArray[np.uint8]) -> Answers:
        """Answers for (N, C, S, S) uint8 preprocessed films, N at least 1, in batches of bounded size."""
        batches = [pixels[start : start + BATCH_SIZE] for start in range(0, len(pixels), BATCH_SIZE)]
        parts = (self._batches.map if self._batches else map)(self._run, batches)
        logits, class_maps, features = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        calibration = self.card.calibration
        probabilities = self.answering.probabilities(logits, calibration)
        sets = self.answering.decisions(probabilities, calibration)
        return Answers(probabilities, logits, class_maps, features, sets)

    def _run(self, batch: NDArray[np.uint8]) -> list[NDArray[np.float32]]:
        """OUTPUTS of (B, C, S, S) uint8."""
        outputs: list[NDArray[np.float32]] = self.session.run(OUTPUTS, {"pixels": batch})
        return outputs

    def judge(
        self,
        pixels: NDArray[np.uint8],
        answers: Answers,
        widths: Sequence[int],
        heights: Sequence[int],
        chromas: Sequence[float],
    ) -> tuple[list[Verdict], list[Placed | None]]:
        """What the input check says of N films, and where they lie beside the model's home.

        Pixels (N, C, S, S) uint8, their answers, what decoding said of each. A model without statistics has only the
        rules that need none, and knows no home.
        """
        planes, features = pixels[:, 0], answers.features
        described = describe(planes) if self.input_check or self.home else None
        if self.input_check is None or described is None:
            verdicts = [rules_alone(*film) for film in zip(widths, heights, chromas, planes, strict=True)]
        else:
            verdicts = self.input_check.judge(planes, described, features, widths, heights, chromas)
        if self.home is None or described is None:
            return verdicts, [None] * len(planes)
        kinds = self.answering.kinds(answers.logits, self.card.calibration)
        return verdicts, self.home.place(kinds, features, *described)

    def settled(self, answers: Answers, placed: Sequence[Placed | None]) -> Decisions | None:
        """The prediction sets (N, K) of films that lie there beside home, with what cannot be told apart elsewhere."""
        if answers.sets is None or not self.card.ties:
            return answers.sets
        at_home = np.array([film is not None and not film.is_unlike for film in placed])
        return tied(answers.sets, answers.probabilities.argmax(axis=1), at_home, self.card.tied_numbers)

    def predict_bytes(self, data: bytes) -> Prediction:
        """The answer for one image file. Raises FilmError if it cannot be decoded."""
        prepared = [self.prepare(data)]
        return self.predictions(prepared, self.answer_prepared(prepared))[0]

    def predict_many(self, reads: Iterable[Callable[[], bytes]]) -> Iterator[Prediction | PlainfilmError]:
        """An answer or an error for each film, in order; one bad film does not stop the others.

        While the network has a batch, the next one is read and decoded, and the one before it goes through the input
        check.
        """
        waiting = iter(reads)
        with ThreadPoolExecutor(NUM_DECODERS) as decoders, ThreadPoolExecutor(1) as network:
            ahead = [decoders.submit(self._try, read) for read in islice(waiting, BATCH_SIZE)]
            before: Iterator[Prediction | PlainfilmError] = iter(())
            while ahead:
                results = [future.result() for future in ahead]
                ahead = [decoders.submit(self._try, read) for read in islice(waiting, BATCH_SIZE)]
                prepared = [result for result in results if not isinstance(result, PlainfilmError)]
                answers = network.submit(self.answer_prepared, prepared) if prepared else None
                yield from before
                before = self._finish(results, prepared, answers)
            yield from before

    def _finish(
        self,
        results: "Sequence[Prepared | PlainfilmError]",
        prepared: "Sequence[Prepared]",
        answers: "Future[Answers] | None",
    ) -> Iterator[Prediction | PlainfilmError]:
        """The predictions of a batch, each error in its place."""
        answered = iter(self.predictions(prepared, answers.result()) if answers else ())
        for result in results:
            yield result if isinstance(result, PlainfilmError) else next(answered)

    def _try(self, read_film: Callable[[], bytes]) -> "Prepared | PlainfilmError":
        try:
            return self.prepare(read_film())
        except PlainfilmError as error:
            return error
        except OSError as error:
            return FilmError("film-missing", reason=error.strerror or str(error))

    def prepare(self, data: bytes) -> "Prepared":
        """One image file decoded and preprocessed: the first of the three steps of an answer. Raises FilmError."""
        film = decode(data, assume_chest=self.assume_chest)
        return Prepared(film, image_id(film.pixels), self.preprocess(film))

    def answer_prepared(self, prepared: "Sequence[Prepared]") -> Answers:
        """What the network says of some films: the second step."""
        return self.answer(np.stack([entry.pixels for entry in prepared]))

    def predictions(self, prepared: "Sequence[Prepared]", answers: Answers) -> list[Prediction]:
        """The predictions for these films, the input check's verdicts with them: the third step."""
        pixels, films = np.stack([entry.pixels for entry in prepared]), [entry.film for entry in prepared]
        heights, widths = zip(*(film.pixels.shape for film in films), strict=True)
        chromas = [film.chroma for film in films]
        verdicts, placed = self.judge(pixels, answers, widths, heights, chromas)
        sets = self.settled(answers, placed)
        if sets is None:
            members: list[tuple[int, ...] | None] = [None] * len(films)
        else:
            members = [self.answering.decided(row) for row in sets]
        return [
            Prediction(entry.image_id, entry.film, *rest)
            for entry, *rest in zip(
                prepared, answers.probabilities, answers.class_maps, members, verdicts, placed, strict=True
            )
        ]


@dataclass(frozen=True)
class Prepared:
    """A film that was decoded, ready for the network."""

    film: Film
    image_id: str
    pixels: NDArray[np.uint8]  # (C, S, S) uint8
