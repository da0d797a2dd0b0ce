"""Every error that a user can cause or meet.

    PlainfilmError (ValueError)      exit code 1
    ├── UsageError                   exit code 2: the call itself is wrong
    │   ├── RecipeError              a recipe with an unknown or impossible value
    │   ├── OutputError              an output folder that exists, is in use, or cannot be one
    │   └── MissingExtraError        a command whose optional libraries are not installed
    ├── StorageError                 a disk that is full, read-only or limited
    ├── SourceError                  a folder, archive, table or index that cannot be used
    │   └── SplitError               a split that cannot be made, or that separates a group
    ├── FilmError                    one image that cannot be decoded
    ├── RequestError                 a request over HTTP that cannot be served
    ├── ModelFileError               a model file, checkpoint or weights that cannot be used
    └── TrainingError                a training that must not go on
        └── Interrupted              a training that was stopped and can be resumed

An error carries a code and parameters: what was given, what was expected. `plainfilm.messages.sentence` turns them into
a sentence in English or Chinese. `str(error)` shows them as they are, unless a function of the Python API raised it:
then it is that sentence.
"""


class PlainfilmError(ValueError):
    """An error that carries a code and parameters.

    >>> str(FilmError("film-too-small", width=8, height=8, minimum=32))
    'film-too-small: width=8, height=8, minimum=32'
    """

    exit_code = 1
    words = ""  # the sentence, where the Python API has put it into a language

    def __init__(self, code: str, /, **parameters: object) -> None:
        self.code = code
        self.parameters = parameters
        super().__init__(code)

    def __str__(self) -> str:
        if self.words:
            return self.words
        shown = ", ".join(f"{name}={value!r}" for name, value in self.parameters.items())
        return f"{self.code}: {shown}" if shown else self.code


def demand(condition: bool, code: str, /, **parameters: object) -> None:
    """Raise PlainfilmError if a condition does not hold."""
    if not condition:
        raise PlainfilmError(code, **parameters)


class UsageError(PlainfilmError):
    """The call itself is wrong."""

    exit_code = 2


class RecipeError(UsageError):
    """A recipe with an unknown or impossible value."""


class OutputError(UsageError):
    """An output folder that exists already, is in use, or cannot be one."""


class MissingExtraError(UsageError):
    """A command whose optional libraries are not installed."""


class StorageError(PlainfilmError):
    """A disk that is full or read-only, a folder or file that may not be written, a file that may not be so large."""


class SourceError(PlainfilmError):
    """A folder, archive, table or index that cannot be used."""


class SplitError(SourceError):
    """A split that cannot be made, or that separates a group."""


class FilmError(PlainfilmError):
    """One image that cannot be decoded."""


class RequestError(PlainfilmError):
    """A request over HTTP that cannot be served."""


class ModelFileError(PlainfilmError):
    """A model file, checkpoint or weights that cannot be used."""


class TrainingError(PlainfilmError):
    """A training that must not go on."""


class Interrupted(TrainingError):
    """A training that was stopped by a signal and can be resumed (exit code 128 + signal)."""

    def __init__(self, code: str, /, *, signal_number: int = 0, **parameters: object) -> None:
        super().__init__(code, **parameters)
        self.exit_code = 128 + signal_number
