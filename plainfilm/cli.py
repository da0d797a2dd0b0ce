"""The command line: which commands there are, and how one ends.

Exit codes: 0 done; 1 the data, the model or any film failed a check, or the storage is full or refuses; 2 usage; 130
and 143 stopped and resumable.
"""

import os
import sys

import typer

from plainfilm.commands.answering import predict, serve
from plainfilm.commands.data_set import doctor, index
from plainfilm.commands.help import Command, Group
from plainfilm.commands.testing import audit, compare, drift, evaluate, recalibrate, report
from plainfilm.commands.training import cross_validate, demo, import_checkpoint, start_course, train
from plainfilm.commands.usage import usage_error
from plainfilm.errors import PlainfilmError, StorageError, UsageError
from plainfilm.io import machine
from plainfilm.messages import asked_language, sentence, text

COMMANDS = (  # name, what it does, the key of its help
    ("index", index, "help.index"),
    ("train", train, "help.train"),
    ("evaluate", evaluate, "help.evaluate"),
    ("recalibrate", recalibrate, "help.recalibrate"),
    ("compare", compare, "help.compare"),
    ("cross-validate", cross_validate, "help.cross-validate"),
    ("predict", predict, "help.predict"),
    ("audit", audit, "help.audit"),
    ("report", report, "help.report"),
    ("serve", serve, "help.serve"),
    ("drift", drift, "help.drift"),
    ("import", import_checkpoint, "help.import"),
    ("demo", demo, "help.demo"),
    ("course", start_course, "help.course"),
    ("doctor", doctor, "help.doctor"),
)
CLICK_ERROR: type[Exception] = typer.BadParameter.__mro__[2]  # of every error of the parser, which has no public name


def make_app() -> typer.Typer:
    """The command line, for the parser."""
    app = typer.Typer(
        name="plainfilm",
        help="help.plainfilm",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        cls=Group,
    )
    for name, function, key in COMMANDS:
        app.command(name, cls=Command, help=key)(function)
    return app


def main() -> None:
    """Run a command; an error becomes one line and an exit code (typer does that for Ctrl-C and a closed pipe)."""
    machine.make_usable()
    try:
        _check_folder()
        with machine.written_out():
            _run()
    except PlainfilmError as error:
        _print_error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # who reads has read enough
        sys.exit(1)
    except OSError as error:
        _print_error(StorageError("system-refused", reason=str(error)))  # if it names a path, that is in that
        sys.exit(1)


def _run() -> None:
    """Run the command line, with the parser's errors as ours; without any argument the help is one."""
    command = typer.main.get_command(make_app())
    try:
        sys.exit(command.main(standalone_mode=False))
    except typer.Abort:
        sys.exit(130)
    except CLICK_ERROR as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            machine.print_error(command.get_help(error.ctx))  # type: ignore[attr-defined]
            sys.exit(2)
        raise usage_error(error) from error


def _check_folder() -> None:
    """Raise UsageError if the current folder was removed: libraries below PyTorch end the process there."""
    try:
        os.getcwd()
    except FileNotFoundError as error:
        raise UsageError("folder-removed") from error


def _print_error(error: PlainfilmError) -> None:
    language = asked_language()
    machine.print_error(text("error", language, message=sentence(error, language)))
