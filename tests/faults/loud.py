"""Commands of plainfilm in forks of a process that has all libraries: `python loud.py`, which reads a call a line.

Each call is JSON: `words` (of the command line), `folder` (its working directory, where its `NAME.out`, `NAME.err` and
`NAME.log` go), `name`; `limits` (resource limits by name), `missing` (libraries that are not there), `terminal`
(the path of one that both streams are). Everything is as talkative as it gets: every logger at DEBUG, every
warning shown, a dump of the stacks on a fatal signal. A line of output is the fork's process id.
"""

import faulthandler
import importlib
import json
import logging
import os
import resource
import signal
import sys
import warnings
from pathlib import Path

LIBRARIES = (
    "onnxruntime",
    "PIL.Image",
    "plainfilm.cli",
    "plainfilm.data.decoding.dicom",
    "plainfilm.workflows.answers",
)


def run(call: dict) -> int:
    """Be the command."""
    start = Path(call["folder"]) / call["name"]
    for stream, ending in ((1, "out"), (2, "err")):
        path = call.get("terminal") or f"{start}.{ending}"
        os.dup2(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOCTTY), stream)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    os.chdir(call["folder"])
    logging.basicConfig(level=logging.DEBUG, filename=f"{start}.log", force=True)
    logging.captureWarnings(True)
    warnings.simplefilter("always")
    faulthandler.enable()
    for name, limit in call.get("limits", {}).items():
        resource.setrlimit(getattr(resource, name), (limit, limit))
    sys.modules.update(dict.fromkeys(call.get("missing", ())))
    sys.argv = ["plainfilm", *call["words"]]
    from plainfilm.cli import main

    main()
    return 0


def end(call: dict) -> int:
    """Be the command, to its exit code; an exception that leaves it is shown as Python shows it."""
    try:
        code = run(call)
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
        code = 70
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def main() -> None:
    for library in (*LIBRARIES, *sys.argv[1:]):
        importlib.import_module(library)
    for line in sys.stdin:
        call = json.loads(line)
        child = os.fork()
        if not child:
            os._exit(end(call))
        print(child, flush=True)
        if not call.get("stays"):
            _, status = os.waitpid(child, 0)
            print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
