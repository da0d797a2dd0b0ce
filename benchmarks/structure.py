"""How large the package is, and how much of it stands behind one training and behind one upload.

    python benchmarks/structure.py FILMS [MODEL]

FILMS is a folder of films or an archive (the phantoms of `plainfilm demo` will do), MODEL a model file: by default the
one that comes with the package. A module counts as executed if one of its functions is called; being imported is not
enough. Run it in two checkouts to compare them.
"""

import argparse
import http.client
import json
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from statistics import median
from types import FrameType

import plainfilm

PACKAGE = Path(plainfilm.__file__).parent
TRACED = "--traced"


def traced(words: list[str]) -> None:
    """Be `plainfilm WORDS`; at the end, write the modules that were executed (since the last SIGUSR1) to stderr."""
    executed: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call" and frame.f_code.co_name != "<module>":
            executed.add(frame.f_code.co_filename)

    signal.signal(signal.SIGUSR1, lambda *_: executed.clear())
    threading.setprofile(note)
    sys.setprofile(note)
    sys.argv = ["plainfilm", *words]
    from plainfilm.cli import main

    try:
        main()
    finally:
        sys.setprofile(None)
        ours = sorted(name for name in executed if Path(name).is_relative_to(PACKAGE))
        print(json.dumps(ours), file=sys.stderr)


def start(*words: str | Path) -> "subprocess.Popen[str]":
    """Start a command of plainfilm, traced."""
    command = (sys.executable, __file__, TRACED, *map(str, words))
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def behind_training(films: Path) -> int:
    """From films to the report."""
    with tempfile.TemporaryDirectory() as folder:
        _, told = start("train", films, "--recipe", "smoke", "--out", f"{folder}/run").communicate()
    return len(json.loads(told.splitlines()[-1]))


def behind_upload(films: Path, model: Path) -> int:
    """One film to its answer as JSON, by a server that has answered another before."""
    film = next(path for path in sorted(films.rglob("*")) if path.suffix in (".png", ".jpg")).read_bytes()
    server = start("serve", model, "--port", "0")
    assert server.stdout
    port = int(
        next(line for line in server.stdout if "http://" in line)
        .split("http://")[1]
        .split(":")[1]
        .split()[0]
        .strip("/")
    )
    for _ in range(2):
        server.send_signal(signal.SIGUSR1)
        client = http.client.HTTPConnection("127.0.0.1", port)
        client.request("POST", "/v1/predictions", film)
        assert client.getresponse().status == 200
    server.terminate()
    return len(json.loads(server.communicate()[1].splitlines()[-1]))


def main() -> None:
    """Print the package's size, and what stands behind a training and an upload."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("films", type=Path)
    parser.add_argument("model", type=Path, nargs="?", default=next(PACKAGE.rglob("phantom.onnx")))
    chosen = parser.parse_args()
    files = [path for path in PACKAGE.rglob("*.py") if "locales" not in path.parts]
    lengths = [len(path.read_text(encoding="utf-8").splitlines()) for path in files]
    print(f"modules {len(files)}; lines {sum(lengths):,}; longest {max(lengths)}; median {median(lengths):.0f}")
    print(f"executed by one training: {behind_training(chosen.films)} modules")
    print(f"executed by one upload: {behind_upload(chosen.films, chosen.model)} modules")


if __name__ == "__main__":
    if sys.argv[1:2] == [TRACED]:
        traced(sys.argv[2:])
    else:
        main()
