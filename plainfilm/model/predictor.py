"""The Predictor: films in, answers out. The only inference path; evaluation, prediction, audit and the page all use it.

It needs numpy, Pillow and ONNX Runtime alone.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime

from plainfilm.data.decode import decode, image_id
from plainfilm.data.film import Film
from plainfilm.data.preprocess import preprocess
from plainfilm.errors import FilmError, ModelFileError, PlainfilmError
from plainfilm.model.decision import conformal_sets, softmax
from plainfilm.model.modelfile import CARD_KEY, Card, check_shapes, parse_card, read

BATCH_SIZE = 32
OUTPUTS = ("logits", "class_maps", "features")


@dataclass(frozen=True)
class Answers:
    """What the model says of N films."""

    probabilities: np.ndarray  # (N, K), after calibration; rows sum to 1
    logits: np.ndarray  # (N, K), as the network gives them
    class_maps: np.ndarray  # (N, K, h, w); their mean over h, w plus a bias is the logit
    features: np.ndarray  # (N, D)
    sets: np.ndarray | None = None  # (N, K) bool, the classes of each film's set; None: not calibrated


@dataclass(frozen=True)
class Prediction:
    """What the model says of one film."""

    image_id: str
    film: Film
    probabilities: np.ndarray  # (K,)
    class_maps: np.ndarray  # (K, h, w)
    set: tuple[int, ...] | None  # numbers of the classes that the film may well be of; None: not calibrated

    @property
    def predicted(self) -> int:
        """The number of the most probable class."""
        return int(self.probabilities.argmax())


class Predictor:
    """A model file, ready to answer.

    predictor = Predictor(Path("model.onnx"))
    predictor.predict_bytes(Path("film.png").read_bytes()).probabilities
    """

    def __init__(self, path: Path, *, threads: int = 0, data: bytes | None = None) -> None:
        """Load a model file. `threads`: of one answer; 0 leaves it to ONNX Runtime. Raises ModelFileError.

        `data` is taken instead of what the file holds: a variant of it that was made in memory.
        """
        data = read(path) if data is None else data
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self.session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's exceptions share no base of their own
            raise ModelFileError("model-unusable", path=str(path), reason=str(error).splitlines()[0]) from error
        self.card: Card = parse_card(self.session.get_modelmeta().custom_metadata_map.get(CARD_KEY, ""), path)
        self._check_shapes(path)

    def _check_shapes(self, path: Path) -> None:
        """Raise ModelFileError where the card and what ONNX Runtime makes of the graph contradict each other."""
        tensors = (*self.session.get_inputs(), *self.session.get_outputs())
        check_shapes(self.card, {tensor.name: tensor.shape for tensor in tensors}, path)

    @property
    def map_side(self) -> int:
        """Cells a side of a class map, for instance 7 for films of 224 px."""
        (shape,) = [tensor.shape for tensor in self.session.get_outputs() if tensor.name == "class_maps"]
        return int(shape[2])

    def preprocess(self, film: Film) -> np.ndarray:
        """A decoded film as the network takes it: (C, S, S) uint8."""
        wanted = self.card.preprocessing
        return preprocess(film.pixels, size=wanted.size, channels=wanted.channels, fit=wanted.fit)

    def answer(self, pixels: np.ndarray) -> Answers:
        """Answers for (N, C, S, S) uint8 preprocessed films, N at least 1, in batches of bounded size."""
        parts = [
            self.session.run(OUTPUTS, {"pixels": pixels[start : start + BATCH_SIZE]})
            for start in range(0, len(pixels), BATCH_SIZE)
        ]
        logits, class_maps, features = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        calibration = self.card.calibration
        if calibration is None:
            return Answers(softmax(logits), logits, class_maps, features)
        probabilities = softmax(logits, calibration.temperature)
        sets = conformal_sets(probabilities, calibration.quantiles)
        return Answers(probabilities, logits, class_maps, features, sets)

    def predict_bytes(self, data: bytes) -> Prediction:
        """The answer for one image file. Raises FilmError where it cannot be decoded."""
        film = decode(data)
        answers = self.answer(self.preprocess(film)[None])
        return _prediction(film, answers, 0)

    def predict_many(self, reads: Iterable[Callable[[], bytes]]) -> Iterator[Prediction | PlainfilmError]:
        """An answer or an error for each film, in order; one bad film does not stop the others."""
        batch: list[Film | PlainfilmError] = []
        for read_film in reads:
            try:
                batch.append(decode(read_film()))
            except PlainfilmError as error:
                batch.append(error)
            except OSError as error:
                batch.append(FilmError("film-missing", reason=error.strerror or str(error)))
            if len(batch) == BATCH_SIZE:
                yield from self._answer_batch(batch)
                batch = []
        yield from self._answer_batch(batch)

    def _answer_batch(self, batch: list[Film | PlainfilmError]) -> Iterator[Prediction | PlainfilmError]:
        films = [film for film in batch if isinstance(film, Film)]
        if not films:
            yield from (error for error in batch if isinstance(error, PlainfilmError))
            return
        answers = self.answer(np.stack([self.preprocess(film) for film in films]))
        rows = itertools.count()
        for entry in batch:
            yield entry if isinstance(entry, PlainfilmError) else _prediction(entry, answers, next(rows))


def _prediction(film: Film, answers: Answers, row: int) -> Prediction:
    """The answer for a film, which stands in a row of `answers`."""
    members = None if answers.sets is None else tuple(np.flatnonzero(answers.sets[row]).tolist())
    return Prediction(image_id(film.pixels), film, answers.probabilities[row], answers.class_maps[row], members)
