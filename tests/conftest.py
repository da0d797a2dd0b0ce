"""Fixtures that several tests share."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

collect_ignore = ["openvino_answer.py", "model/paddle_tutorial.py"]  # programs for other environments


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real radiographs: PLAINFILM_DATA, or ../shared/data beside the project; tests that need it are skipped without."""
    folder = Path(os.environ.get("PLAINFILM_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("no real radiographs on this machine")
    return folder


@dataclass(frozen=True)
class Ran:
    """What a call of the command line left."""

    code: int
    out: str
    err: str


Cli = Callable[..., Ran]

SHORT = """[split]
validation = 0.15
test = 0.15
[training]
sizes_px = [64]
epochs = [2]
batch_size = 32
ema_decay = 0.9
precision = "float32"
checkpoint_steps = 4
"""


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Call the command line in this process: cli("index", folder, "--json") -> Ran."""
    from plainfilm.cli import main

    def call(*words: object) -> Ran:
        monkeypatch.setattr(sys, "argv", ["plainfilm", *(str(word) for word in words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as left:
            main()
        code = left.value.code
        return Ran(code if isinstance(code, int) else 0, *capfd.readouterr())

    return call


def command(*words: object, **options: Any) -> "subprocess.Popen[str]":
    """Start the command line in a process of its own, on one thread."""
    line = [sys.executable, "-m", "plainfilm", *(str(word) for word in words)]
    surroundings = os.environ | {"OMP_NUM_THREADS": "1", "LC_ALL": "C.UTF-8"}
    return subprocess.Popen(
        line,
        env=surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # ignored by what runs in the background
        **options,
    )


@pytest.fixture(scope="session")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of phantoms, 40 a class, 96 px, with 3 planted near copies."""
    from plainfilm.data.phantom import write_folder

    folder = tmp_path_factory.mktemp("data") / "phantoms"
    write_folder(folder, seed=3, per_class=40, size=96, duplicates=3)
    return folder


@pytest.fixture(scope="session")
def strangers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of other phantoms, 16 a class, 96 px, which no model of these fixtures has seen."""
    from plainfilm.data.phantom import write_folder

    folder = tmp_path_factory.mktemp("data") / "strangers"
    write_folder(folder, seed=29, per_class=16, size=96, duplicates=0)
    return folder


@pytest.fixture(scope="session")
def short_recipe(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of six steps."""
    path = tmp_path_factory.mktemp("recipes") / "short.toml"
    path.write_text(SHORT)
    return path


@pytest.fixture(scope="session")
def trained(phantoms: Path, short_recipe: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ran]:
    """A run that the real command line trained without a break, and what it printed."""
    run = tmp_path_factory.mktemp("runs") / "unbroken"
    process = command("train", phantoms, "--recipe", short_recipe, "--out", run, "--threads", 1, "--profile")
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    return run, Ran(0, out, err)


@pytest.fixture(scope="session")
def model(trained: tuple[Path, Ran]) -> Path:
    """The model file of that run."""
    return trained[0] / "model.onnx"


@pytest.fixture(scope="session")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a copy of the package that has a third language."""
    from pseudo_language import package_with_it

    return package_with_it(tmp_path_factory.mktemp("third"))


PADDLE_NETWORKS = (
    *("ResNet-18-64.128.256.512-2", "ResNet-18-64.128.256.512-4"),
    *(f"ResNet-{depth}-8.16.24.32-4" for depth in (34, 50, 101, 152)),
)


@pytest.fixture(scope="session")
def paddle_written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of `.pdparams` of the tutorial's network, written by PaddlePaddle, and NPZ with inputs and logits.

    PLAINFILM_PADDLE names a Python that has PaddlePaddle; tests that need it are skipped without, in CI they fail.
    """
    from builders import installed

    python = installed("PLAINFILM_PADDLE")
    folder = tmp_path_factory.mktemp("paddle")
    program = Path(__file__).parent / "model" / "paddle_tutorial.py"
    alone = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, program, folder, *PADDLE_NETWORKS], env=alone, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder
