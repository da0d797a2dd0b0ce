"""Commands that find no room: on a small disk (tmpfs), on one that is read-only, under a limit of the size of files."""

import os
import re
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

from faults.forked import TINY, Command, import_all, start, wait_until
from faults.row import Outcome, row
from plainfilm.data import phantom
from plainfilm.errors import ModelFileError
from plainfilm.messages import LANGUAGES
from plainfilm.randomness import generator
from plainfilm.training import checkpoint
from tests.conftest import Ran

MODEL = Path(__file__).parents[2] / "plainfilm/serving/phantom.onnx"
LATER = ("model.onnx", "report.html", "MODEL_CARD.md", "evaluation", "figures", "audit")  # what comes after the steps
SAME = ("history.csv", "model.onnx", "evaluation/predictions.csv", "checkpoints/best.safetensors")
NEEDED = r"\d+ bytes are needed|needs? \d+ bytes|需要 \d+ 字节"
LARGE = 64 * 2**20


class Trials:
    """What the trials share, and how one is judged."""

    def __init__(self, folder: Path, *, thorough: bool) -> None:
        self.folder, self.thorough, self.number = folder, thorough, 0
        self.films, self.recipe, self.unbroken = folder / "films", folder / "tiny.toml", folder / "unbroken"
        phantom.write_folder(self.films, seed=1, per_class=8, size=64)
        self.recipe.write_text(TINY.format(epochs=2))
        ran = self.train("--out", self.unbroken).finish()
        assert ran.code == 0, ran.err

    def begin(self, number: int) -> None:
        self.number, self.draws = number, generator(0, "no room", number)

    def command(self, *words: object, before: Callable[[], object] = lambda: None) -> Command:
        """Start a command, in the one language or the other."""
        language = LANGUAGES[self.number % 2]
        return start(self.folder / f"said-{self.number}", *words, "--lang", language, before=before)

    def train(self, *words: object, before: Callable[[], object] = lambda: None) -> Command:
        sources = () if "--resume" in words else (self.films, "--recipe", self.recipe)
        return self.command("train", *sources, "--threads", 1, *words, before=before)

    def disk(self, size_bytes: int = LARGE) -> Path:
        """A new disk."""
        place = self.folder / f"disk-{self.number}"
        place.mkdir()
        mount("-t", "tmpfs", "-o", f"size={size_bytes}", "tmpfs", place)
        return place

    def copy(self, disk: Path) -> Path:
        """A run whose steps are done, and nothing after them."""
        run = shutil.copytree(self.unbroken, disk / "run", ignore=shutil.ignore_patterns(*LATER))
        (run / "log.jsonl").unlink()
        return run

    def goes_on(self, run: Path) -> str:
        """What is wrong with a run that goes on once there is room; else ""."""
        ran = self.train("--resume", run).finish()
        if ran.code:
            return f"does not go on: {ran.err[-300:]}"
        other = [name for name in SAME if (run / name).read_bytes() != (self.unbroken / name).read_bytes()]
        return f"other bits than unbroken: {other}" if other else ""


def judge(ran: Ran, place: Path, *, bytes_told: bool = True) -> str:
    """What did not hold of a command that found no room; else ""."""
    faults = [
        ran.code != 1 and f"exit code {ran.code}",
        ("Traceback" in ran.err or len(ran.err.splitlines()) != 1) and "no sentence",
        str(place) not in ran.err and "no path",
        bytes_told and not re.search(NEEDED, ran.err) and "no bytes needed",
        (bad := leftovers(place)) and f"left {bad}",
    ]
    found = "; ".join(str(fault) for fault in faults if fault)
    return f"{found}: {ran.err[-300:]}" if found else ""


def leftovers(place: Path) -> list[str]:
    """Files that are not whole, and those that nobody needs."""
    bad = [str(path) for path in place.rglob(".*") if path.is_file()]
    for path in place.rglob("pixels-*.npy"):
        with_side = path.with_suffix(".json").is_file()
        if not with_side or len(np.load(path, mmap_mode="r")) != 24:
            bad.append(str(path))
    return bad


def loads(run: Path) -> str:
    """What is wrong with the last checkpoint of a run, or "": it has to load, without a warning."""
    warnings: list[ModelFileError] = []
    try:
        checkpoint.load_last(run / "checkpoints", warnings.append)
    except ModelFileError as error:
        return str(error)
    return "; ".join(map(str, warnings))


def mount(*words: object) -> None:
    subprocess.run(["mount", *map(str, words)], check=True)


def fill(disk: Path, left_bytes: int = 0) -> Path:
    """Take all the room of a disk but `left_bytes`."""
    filler = disk / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(shutil.disk_usage(disk).free - left_bytes, 1))
    return filler


# --- the cases -------------------------------------------------------------------------------------------------------


def films_do_not_fit(trials: Trials) -> str:
    disk = trials.disk(int(trials.draws.integers(4, 20)) * 4096)
    found = judge(trials.train("--out", disk / "run").finish(), disk)
    return found or ("the folder of the run is left" if list(disk.iterdir()) else "")


def checkpoints_do_not_fit(trials: Trials) -> str:
    disk = trials.disk(int(trials.draws.integers(40, 2000)) * 4096)
    run = disk / "run"
    found = judge(trials.train("--out", run).finish(), run)
    if found or list(run.glob("checkpoints/step-*")) or (run / "log.jsonl").exists():
        return found or "found no room only after the training had begun"
    mount("-o", f"remount,size={LARGE}", disk)
    return trials.goes_on(run) if trials.thorough else ""


def disk_fills_while_training(trials: Trials) -> str:
    """Another program takes the room while the training runs."""
    disk = trials.disk()
    run, step = disk / "run", int(trials.draws.choice([0, 2]))
    command = trials.train("--out", run)
    seen = wait_until(lambda: any((run / "checkpoints").glob(f"step-{step:08d}*")), command)
    command.send(signal.SIGSTOP)
    filler = fill(disk, int(trials.draws.choice([0, 4096, 10**5])))
    command.send(signal.SIGCONT)
    ran = command.finish()
    found = "" if seen else "never came so far"
    found = found or judge(ran, run) or loads(run)
    filler.unlink()
    return found or trials.goes_on(run)


def disk_fills_after_training(trials: Trials) -> str:
    """The room is gone when model file, evaluation, figures, audit and report are written."""
    disk = trials.disk()
    run = trials.copy(disk)
    sizes = [
        path.stat().st_size for path in trials.unbroken.rglob("*") if path.parts[-2] in LATER or path.name in LATER
    ]
    command = trials.train("--resume", run)
    seen = wait_until((run / "log.jsonl").exists, command)
    command.send(signal.SIGSTOP)
    filler = fill(disk, int(trials.draws.integers(0, sum(sizes))))
    command.send(signal.SIGCONT)
    ran = command.finish()
    found = "" if seen else "never came so far"
    found = found or judge(ran, run) or loads(run)
    filler.unlink()
    return found or (trials.goes_on(run) if trials.thorough else "")


def files_may_not_be_so_large(trials: Trials) -> str:
    """`ulimit -f`, below the pixels or below a checkpoint; a new run, or one that goes on."""
    disk = trials.disk()
    resumed = trials.number % 4 >= 2
    run = trials.copy(disk) if resumed else disk / "run"
    limit = int(trials.draws.integers(10**6, 28 * 10**5) if resumed else trials.draws.choice([50_000, 10**6]))
    words = ("--resume", run) if resumed else ("--out", run)
    ran = trials.train(*words, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))).finish()
    found = judge(ran, run)
    if resumed:
        found = found or loads(run)
    return found or (trials.goes_on(run) if trials.thorough and (run / "recipe.toml").exists() else "")


def log_may_not_grow(trials: Trials) -> str:
    """The limit comes while the training runs: a line of the log fits in part, and that part may not stay."""
    run = trials.copy(trials.disk())
    (run / "checkpoints/step-00000004.safetensors").unlink()
    log = run / "log.jsonl"
    log.write_text("{}\n" * 1000)  # longer than what is said, which has the same limit
    quiet = partial(os.dup2, os.open(os.devnull, os.O_WRONLY), 1)
    command = trials.train("--resume", run, before=quiet)
    seen = wait_until(lambda: "resume" in log.read_text(), command)
    command.send(signal.SIGSTOP)
    limit = log.stat().st_size + int(trials.draws.integers(1, 100))
    resource.prlimit(command.pid, resource.RLIMIT_FSIZE, (limit, limit))
    command.send(signal.SIGCONT)
    ran = command.finish()
    found = judge(ran, run) if seen else "never came so far"
    found = found or ("" if log.read_text().endswith("}\n") else "a part of a line is left") or loads(run)
    return found or (trials.goes_on(run) if trials.thorough else "")


def run_on_a_read_only_disk(trials: Trials) -> str:
    disk = trials.disk()
    run = trials.copy(disk)
    mount("-o", "remount,ro", disk)
    found = judge(trials.train("--resume", run).finish(), run, bytes_told=False) or loads(run)
    found = found or judge(trials.train("--out", disk / "new").finish(), disk / "new", bytes_told=False)
    mount("-o", "remount,rw", disk)
    return found or (trials.goes_on(run) if trials.thorough else "")


def answers_on_a_read_only_disk(trials: Trials) -> str:
    disk = trials.disk()
    mount("-o", "remount,ro", disk)
    return other_commands(trials, disk, bytes_told=False)


def answers_on_a_full_disk(trials: Trials) -> str:
    disk = trials.disk()
    fill(disk, int(trials.draws.choice([0, 0, 4096])))
    return other_commands(trials, disk, bytes_told=True)


def other_commands(trials: Trials, disk: Path, *, bytes_told: bool) -> str:
    """Of the other commands that write, one a trial."""
    film = next((trials.films / "COVID").iterdir())
    choices = [
        ("predict", MODEL, film, "--csv", disk / "answers.csv"),
        ("predict", MODEL, film, "--maps", disk / "maps"),
        ("evaluate", MODEL, trials.films, "--out", disk / "evaluation"),
        ("index", trials.films, "--recipe", trials.recipe, "--out", disk / "index"),
        ("audit", trials.unbroken, "--out", disk / "audit"),
    ]
    words = choices[trials.number // len(CASES) % len(choices)] if trials.thorough else choices[trials.number % 3]
    return judge(trials.command(*words).finish(), disk, bytes_told=bytes_told)


def temporary_files_do_not_fit(trials: Trials) -> str:
    """The pixels of an evaluation lie in TMPDIR."""
    disk = trials.disk(int(trials.draws.integers(4, 100)) * 4096)

    def before() -> None:
        tempfile.tempdir = str(disk)  # what TMPDIR says, which was read long ago

    ran = trials.command("evaluate", MODEL, trials.films, before=before).finish()
    return judge(ran, disk) or ("files are left" if list(disk.iterdir()) else "")


def what_is_printed_does_not_fit(trials: Trials) -> str:
    """`plainfilm index FILMS > /dev/full`."""
    words = ("index", trials.films, "--recipe", trials.recipe, *(["--json"] if trials.number % 2 else []))
    ran = trials.command(*words, before=lambda: os.dup2(os.open("/dev/full", os.O_WRONLY), 1)).finish()
    told = ran.code == 1 and len(ran.err.splitlines()) == 1 and "Traceback" not in ran.err
    return "" if told else f"exit code {ran.code}: {ran.err[-300:]}"


def a_fold_does_not_fit(trials: Trials) -> str:
    disk = trials.disk(int(trials.draws.integers(60, 1500)) * 4096)
    words = ("--recipe", trials.recipe, "--folds", 3, "--threads", 1, "--out", disk / "folds")
    return judge(trials.command("cross-validate", trials.films, *words).finish(), disk)


CASES = (
    films_do_not_fit,
    checkpoints_do_not_fit,
    disk_fills_while_training,
    disk_fills_after_training,
    files_may_not_be_so_large,
    log_may_not_grow,
    run_on_a_read_only_disk,
    answers_on_a_full_disk,
    answers_on_a_read_only_disk,
    temporary_files_do_not_fit,
    what_is_printed_does_not_fit,
    a_fold_does_not_fit,
)


@row(
    fault="disk full; read-only folder; file-size limit",
    must_hold="a sentence with path and bytes needed, exit code 1, the old checkpoint loads; told before the first epoch "
    "where it can be known; with room again the run ends with the same bits",
    counted="lost",
    within=("unshare", "--mount"),
    short=12,
    long=50,
    are_drawn=True,
)
def run(count: int, folder: Path) -> Outcome:
    """The trials, one case after the other."""
    mount("--make-rprivate", "/")
    import_all()
    trials, failures = Trials(folder, thorough=count > len(CASES)), list[str]()
    for number in range(count):
        trials.begin(number)
        case = CASES[number % len(CASES)]
        if found := case(trials):
            failures.append(f"trial {number} ({case.__name__}): {found}")
        subprocess.run(["umount", "--lazy", folder / f"disk-{number}"], check=False, capture_output=True)
    return Outcome(count, tuple(failures))
