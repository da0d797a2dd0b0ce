"""A machine on which something is missing or odd: each command of the program on each such machine.

Trial after trial takes the next machine; once all have answered a film, the next command goes round. Nothing may end in
a traceback or a signal; where the program cannot work, it must say so and end with the exit code of that machine.
"""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
from clients import PREDICTIONS

import plainfilm
from faults.row import Outcome, row
from plainfilm.data.phantom import write_folder
from plainfilm.serving.api.samples import PHANTOM_MODEL

ROOT = Path(plainfilm.__file__).parents[1]
HOME_OF_CACHES = "matplotlib"  # what may stand in a home: fonts that were found
LONGEST_S = 300
RECIPE = """[split]
validation = 0.2
test = 0.2
[training]
sizes_px = [64]
epochs = [1]
batch_size = 16
precision = "float32"
"""
# a terminal of its own for the command that follows
TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
# all of the file system read-only but the folder given, and no folder for temporary files
READ_ONLY = (
    'mount --make-rprivate / && mount --bind "$0" "$0" && mount -o remount,ro,bind / && '
    '{ mountpoint -q /tmp && mount -o remount,ro,bind /tmp; touch /tmp/x 2>/dev/null && exit 99; exec "$@"; }'
)


@dataclass(frozen=True)
class Machine:
    """What is missing or odd, and what the program may then end with."""

    around: tuple[str, ...] = ()  # a program that runs the one after it; {out} is the folder of the trial
    surroundings: Mapping[str, str | None] = field(default_factory=dict)  # None: not set
    redirected: str = ""  # as a shell writes it
    before: str = ""  # commands of a shell
    codes: tuple[int, ...] = (0,)


def _clock(shift: str) -> Machine:
    """A clock that is wrong; time since the start is right, as Linux keeps the two apart."""
    return Machine(("faketime", "-f", shift), {"FAKETIME_DONT_FAKE_MONOTONIC": "1"})


MACHINES = {
    "no network, not even loopback": Machine(("unshare", "--net")),
    "no HOME": Machine(surroundings={"HOME": None, "USER": None, "LOGNAME": None, "PATH": "/usr/bin:/bin"}),
    "a HOME that is not there": Machine(surroundings={"HOME": "/nonexistent"}, codes=(0, 1)),  # doctor minds
    "read-only root": Machine(("unshare", "--mount", "sh", "-c", READ_ONLY, "{out}"), {"TMPDIR": "{out}/tmp"}),
    "no folder for temporary files": Machine(
        ("unshare", "--mount", "sh", "-c", READ_ONLY, "{out}"), {"HOME": "/nonexistent"}, codes=(0, 1)
    ),
    "an ASCII locale, Chinese words": Machine(
        surroundings={"LC_ALL": "C", "LANG": "zh_CN", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    ),
    "a locale that is not installed": Machine(surroundings={"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"}),
    "a day ahead of Greenwich": Machine(surroundings={"TZ": "Pacific/Kiritimati"}),
    "a time zone that is none": Machine(surroundings={"TZ": "No/Where"}),
    "standard input closed": Machine(redirected="<&-"),
    "standard output closed": Machine(redirected=">&-"),
    "standard error closed": Machine(redirected="2>&-"),
    "all three closed": Machine(redirected="<&- >&- 2>&-"),
    "standard output full": Machine(redirected=">/dev/full", codes=(1,)),
    "standard error full": Machine(redirected="2>/dev/full"),
    "a reader that reads one line": Machine(redirected="> >(head -n 1)", codes=(0, 1)),
    "a terminal of 20 columns": Machine((sys.executable, "-c", TERMINAL), {"COLUMNS": "20"}),
    "a terminal that can do nothing": Machine((sys.executable, "-c", TERMINAL), {"TERM": "dumb", "NO_COLOR": "1"}),
    "a clock a year behind": _clock("-1y"),
    "a clock of the year 2100": _clock("@2100-01-01 00:00:00"),
    "a clock that leaps a day at each look": _clock("+0 i86400"),
    "a clock that goes back a day at each look": _clock("+0 i-86400"),
    "64 open files": Machine(before="ulimit -n 64"),
    "files for all to write": Machine(before="umask 000"),
    "files for the owner alone": Machine(before="umask 077"),
    "a folder that was removed": Machine(before='mkdir "$OUT/gone" && cd "$OUT/gone" && rmdir "$OUT/gone"', codes=(2,)),
    "warnings are errors": Machine(surroundings={"PYTHONWARNINGS": "error"}),
    "no assertions": Machine(surroundings={"PYTHONOPTIMIZE": "2"}),
}


def _missing(machine: Machine) -> str:
    """A program that a machine is made with and that is not there or not permitted; ""."""
    if not machine.around or machine.around[0] == sys.executable:
        return ""
    if shutil.which(machine.around[0]) is None:
        return machine.around[0]
    may = machine.around[0] != "unshare" or subprocess.run([*machine.around[:2], "true"], check=False).returncode == 0
    return "" if may else "the right to unshare"


class _Made:
    """What the commands take, made on an ordinary machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.films = folder / "films"
        write_folder(self.films, seed=3, per_class=12, size=64, duplicates=1)
        some = sorted(self.films.rglob("*.png"))[0]
        self.named = folder / "named" / "COVID"  # films with names in Chinese, and in no encoding at all
        self.named.mkdir(parents=True)
        for name in ("胸片".encode(), b"\xff\xfe", b"plain"):
            (self.named / os.fsdecode(name + b".png")).write_bytes(some.read_bytes())
        self.recipe = folder / "tiny.toml"
        self.recipe.write_text(RECIPE, encoding="utf-8")
        self.run = folder / "run"

    def train(self) -> None:
        """Make the run, which evaluate and report ask for."""
        words = (sys.executable, "-m", "plainfilm", "train", self.films, "--recipe", self.recipe, "--out", self.run)
        subprocess.run([*map(str, words), "--threads", "1"], cwd=ROOT, check=True, capture_output=True)


# --- a command on a machine ------------------------------------------------------------------------------------------


def _line(machine: Machine, words: tuple[object, ...], out: Path) -> tuple[list[str], dict[str, str]]:
    """The command line and the surroundings of plainfilm on a machine; `out` is the folder that it may write."""
    (out / "tmp").mkdir(parents=True)
    around = [part.format(out=out) if part == "{out}" else part for part in machine.around]
    shell = f'{machine.before or ":"} && exec "$@" {machine.redirected}'
    given = os.environ | {"OUT": str(out), "HOME": str(out), "PYTHONPATH": str(ROOT)}
    for name, value in machine.surroundings.items():
        given[name] = "" if value is None else value.format(out=out)
    kept = {name: value for name, value in given.items() if machine.surroundings.get(name, "") is not None}
    line = ["bash", "-c", shell, "bash", *around, sys.executable, "-m", "plainfilm", *map(str, words)]
    return line, kept


def _ran(machine: Machine, out: Path, *words: object, written: tuple[str, ...] = ()) -> str:
    """What a command did other than it should; files of `written` must then be there if it says that it is done."""
    line, surroundings = _line(machine, words, out)
    try:
        done = subprocess.run(line, env=surroundings, capture_output=True, timeout=LONGEST_S, check=False)
    except subprocess.TimeoutExpired:
        return f"not done after {LONGEST_S} s"
    said = (done.stdout + done.stderr).decode(errors="replace")
    if "Traceback" in said or "Exception ignored" in said:
        return f"a traceback: {said.strip().splitlines()[-1][:300]}"
    if done.returncode not in machine.codes:
        return f"exit code {done.returncode}: {said[-300:]}"
    if done.returncode == 0 and (absent := [name for name in written if not (out / name).exists()]):
        return f"{', '.join(absent)} not written"
    if litter := _litter(out):
        return f"left in HOME: {litter}"
    return ""


def _litter(home: Path) -> str:
    """Files in a home that no user asked for: under a folder whose name begins with a point."""
    files = [path.relative_to(home).as_posix() for path in home.glob(".*/**/*") if path.is_file()]
    return ", ".join(path for path in files if HOME_OF_CACHES not in path)


def _predict(made: _Made, machine: Machine, out: Path) -> str:
    words = ("predict", PHANTOM_MODEL, made.named, "--csv", out / "answers.csv", "--maps", out / "maps", "--override")
    return _ran(machine, out, *words, *_language(machine), written=("answers.csv", "maps"))


def _doctor(made: _Made, machine: Machine, out: Path) -> str:
    return _ran(machine, out, "doctor", *_language(machine)) or _ran(machine, out / "2", "doctor", made.films)


def _help(_: _Made, machine: Machine, out: Path) -> str:
    return _ran(machine, out, "--help")


def _index(made: _Made, machine: Machine, out: Path) -> str:
    found = _ran(machine, out, "index", made.films, "--out", out / "index", written=("index/index.csv",))
    key = out / "index" / "index.key"
    return found or (
        f"index.key is open to others: {key.stat().st_mode:o}" if key.exists() and key.stat().st_mode & 0o77 else ""
    )


def _train(made: _Made, machine: Machine, out: Path) -> str:
    words = ("train", made.films, "--recipe", made.recipe, "--out", out / "run", "--threads", 1, *_language(machine))
    return _ran(machine, out, *words, written=("run/model.onnx", "run/evaluation/metrics.json", "run/report.html"))


def _evaluate(made: _Made, machine: Machine, out: Path) -> str:
    words = ("evaluate", made.run / "model.onnx", made.films, "--out", out / "external")
    return _ran(machine, out, *words, written=("external/metrics.json",))


def _report(made: _Made, machine: Machine, out: Path) -> str:
    shutil.copytree(made.run, out / "run")
    (out / "run" / "report.html").unlink()
    return _ran(machine, out, "report", out / "run", *_language(machine), written=("run/report.html",))


def _serve(made: _Made, machine: Machine, out: Path) -> str:
    """The server answers a film, where it can be reached at all, and ends when it is told to."""
    port = _free_port()
    line, surroundings = _line(machine, ("serve", "--port", port), out)
    with (out / "said").open("w+b") as said:
        process = subprocess.Popen(
            line, env=surroundings, stdin=subprocess.PIPE, stdout=said, stderr=said, start_new_session=True
        )
        assert process.stdin is not None
        try:
            with process.stdin:
                answered = _answers(process, f"http://127.0.0.1:{port}", made)
                if machine.around[:1] == (sys.executable,):  # the program's terminal is beyond signals to this process
                    process.stdin.write(b"\x03")
                else:
                    with contextlib.suppress(ProcessLookupError):  # it has ended, and said why
                        os.killpg(process.pid, signal.SIGTERM)
            code = process.wait(LONGEST_S)
        finally:
            process.kill()
        said.seek(0)
        words = said.read().decode(errors="replace")
    if "Traceback" in words or "Exception ignored" in words:
        return f"a traceback: {words.strip().splitlines()[-1][:300]}"
    waits = machine.around[:1] == ("faketime",)  # for the server, of which it is the parent: the signal ends it, too
    if code not in machine.codes and not (waits and code == -signal.SIGTERM):
        return f"exit code {code}: {words[-300:]}"
    is_reachable = code not in (1, 2) and "--net" not in machine.around
    return "a film was not answered" if is_reachable and not answered else ""


def _answers(process: "subprocess.Popen[bytes]", address: str, made: _Made) -> bool:
    """Whether a server that has just been started answers two films, and is well after that."""
    with httpx.Client(base_url=address, timeout=60) as client:
        for _ in range(300):
            if process.poll() is not None:
                return False
            time.sleep(0.1)
            with contextlib.suppress(httpx.TransportError):
                client.get("/healthz").raise_for_status()
                break
        else:
            return False
        film = (made.named / "plain.png").read_bytes()
        with contextlib.suppress(httpx.HTTPError):  # it ended after all
            statuses = [client.post(f"{PREDICTIONS}?override=true", content=film).status_code for _ in range(2)]
            return [*statuses, client.get("/healthz").status_code] == [200, 200, 200]
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _language(machine: Machine) -> tuple[str, ...]:
    """Chinese, where the machine's words are."""
    return ("--lang", "zh") if "zh_CN" in machine.surroundings.values() else ()


Command = Callable[[_Made, Machine, Path], str]
COMMANDS: dict[str, Command] = {
    "predict": _predict,
    "doctor": _doctor,
    "help": _help,
    "index": _index,
    "train": _train,
    "evaluate": _evaluate,
    "report": _report,
    "serve": _serve,
}


@row(
    fault="no network, no HOME, read-only root, another locale, a clock that jumps",
    must_hold="works or says why",
    counted="neither",
    short=len(MACHINES),
    long=len(MACHINES) * len(COMMANDS),
)
def run(trials: int, folder: Path) -> Outcome:
    """The first `trials` pairs of a command and a machine."""
    made = _Made(folder)
    if trials > len(MACHINES) * list(COMMANDS).index("evaluate"):
        made.train()
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(partial(_trial, made), range(trials)))
    measured = {"machines": str(len(MACHINES)), "commands": str(-(-trials // len(MACHINES)))}
    return Outcome(trials, tuple(filter(None, found)), measured)


def _trial(made: _Made, number: int) -> str:
    """What was seen in trial `number` that should not be, or ""."""
    name = list(MACHINES)[number % len(MACHINES)]
    command = list(COMMANDS)[number // len(MACHINES)]
    if missing := _missing(MACHINES[name]):
        return f"{name}: {missing} is not there, and CI has to have it" if os.environ.get("CI") else ""
    found = COMMANDS[command](made, MACHINES[name], made.folder / f"trial-{number}")
    return found and f"trial {number}, {command} with {name}: {found}"
