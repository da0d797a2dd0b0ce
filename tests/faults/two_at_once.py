"""Two commands that want the same folder or port."""

import json
import os
import shutil
import signal
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path

from faults.forked import TINY, Command, import_all, start, wait_until
from faults.row import Outcome, row
from plainfilm.data import phantom
from plainfilm.messages import LANGUAGES
from tests.conftest import Ran

BITS = ("history.csv", "model.onnx", "checkpoints/best.safetensors")
LOCK = ".lock"


class Trials:
    """What the trials share, and how one is judged."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.films, self.recipe = folder, folder / "films", folder / "tiny.toml"
        self.alone = folder / "alone"  # a run that ended, as every other one has to
        phantom.write_folder(self.films, seed=1, per_class=8, size=64)
        self.recipe.write_text(TINY.format(epochs=2))

    def begin(self, number: int) -> None:
        self.number, self.count, self.commands = number, 0, list[Command]()
        self.run = self.folder / f"run-{number}"

    def command(self, *words: object, before: Callable[[], None] = lambda: None) -> Command:
        self.count += 1
        said, language = self.folder / f"said-{self.number}-{self.count}", LANGUAGES[self.number % 2]
        self.commands.append(start(said, *words, "--lang", language, before=before))
        return self.commands[-1]

    def start(self, *words: object, **options: Callable[[], None]) -> Command:
        words = ("--recipe", self.recipe, "--out", self.run, "--threads", 1, *words)
        return self.command("train", self.films, *words, **options)

    def resume(self, *words: object, run: Path | None = None, **options: Callable[[], None]) -> Command:
        return self.command("train", "--resume", run or self.run, *words, **options)

    def begun(self, first: Command) -> Command:
        """A training that is in its steps, and halted there."""
        assert wait_until((self.run / "log.jsonl").exists, first), first.finish()
        first.send(signal.SIGSTOP)
        return first

    def stopped(self) -> None:
        """Make a run that was killed in its steps."""
        first = self.begun(self.start())
        first.kill()

    def refused(self, first: Command, second: Command, *, folder: Path | None = None) -> str:
        """What did not hold of a second command that wants the folder of a first one, which is halted; else ""."""
        before = content(self.run)
        found = judge(second.finish(), first.pid, str(folder or self.run))
        return found or ("the second changed files" if content(self.run) != before else "")

    def same_bits(self, run: Path) -> str:
        if not self.alone.exists():
            shutil.copytree(run, self.alone)
        is_same = all((run / name).read_bytes() == (self.alone / name).read_bytes() for name in BITS)
        return "" if is_same else "other bits than of a training alone"

    def close(self) -> None:
        for command in self.commands:
            command.kill()


def judge(ran: Ran, holder: int, what: str) -> str:
    """What did not hold of a command that met another one; else ""."""
    expected = (what, str(holder), socket.gethostname())
    told = ran.code == 2 and len(ran.err.splitlines()) == 1 and all(word in ran.err for word in expected)
    return "" if told else f"exit code {ran.code}: {ran.err[-300:]}"


def content(run: Path) -> dict[Path, bytes]:
    """Every file of a run but its lock, by its path."""
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != LOCK}


def at_one_instant(begin: Callable[..., Command]) -> tuple[Command, Command]:
    """Two commands that wait for each other before they begin."""
    reader, writer = os.pipe()

    def before() -> None:
        os.close(writer)
        os.read(reader, 1)

    pair = begin(before=before), begin(before=before)
    os.close(writer)
    os.close(reader)
    return pair


# --- folders ---------------------------------------------------------------------------------------------------------


def one_of(trials: Trials, pair: tuple[Command, Command]) -> str:
    """One of two is refused, the other ends as if alone."""
    ran = [command.finish() for command in pair]
    winner = min((0, 1), key=lambda place: ran[place].code)
    if ran[winner].code:
        return f"both were refused: {ran[0].err[-200:]} {ran[1].err[-200:]}"
    return judge(ran[1 - winner], pair[winner].pid, str(trials.run)) or trials.same_bits(trials.run)


def start_and_start_at_one_instant(trials: Trials) -> str:
    return one_of(trials, at_one_instant(trials.start))


def resume_and_resume_at_one_instant(trials: Trials) -> str:
    trials.stopped()
    return one_of(trials, at_one_instant(trials.resume))


def start_then_start(trials: Trials) -> str:
    return trials.refused(trials.begun(trials.start()), trials.start())


def start_then_resume(trials: Trials) -> str:
    return trials.refused(trials.begun(trials.start("--workers", 2)), trials.resume())


def a_killed_one_leaves_no_lock(trials: Trials) -> str:
    """Killed with workers, which live on for seconds: they hold nothing."""
    first = trials.begun(trials.start("--workers", 2))
    first.kill()
    again = trials.resume()
    is_on = wait_until(lambda: (trials.run / "log.jsonl").read_text().count("\n") > 2, again)
    return "" if is_on else f"does not go on: {again.finish().err[-300:]}"


def folds_and_folds(trials: Trials) -> str:
    """Two cross-validations, and a training that goes on with a fold of the first."""
    words = ("cross-validate", trials.films, "--recipe", trials.recipe, "--folds", 3, "--threads", 1)
    first = trials.command(*words, "--out", trials.run)
    fold = trials.run / "fold-0"
    assert wait_until((fold / "log.jsonl").exists, first), first.finish()
    first.send(signal.SIGSTOP)
    found = trials.refused(first, trials.command(*words, "--out", trials.run))
    return found or trials.refused(first, trials.resume(run=fold), folder=fold)


def others_look_on(trials: Trials) -> str:
    """What only adds to a finished run that goes on may do so; what would make its pixels again may not."""
    shutil.copytree(trials.alone, trials.run, ignore=shutil.ignore_patterns("log.jsonl"))
    first = trials.begun(trials.resume())
    for words in (
        ("report", trials.run),
        ("evaluate", trials.run / "model.onnx", trials.films, "--out", trials.run / "external/same"),
    ):
        ran = trials.command(*words).finish()
        if ran.code:
            return f"{words[0]} was refused: {ran.err[-300:]}"
    (trials.run / "pixels-64.json").unlink()
    found = trials.refused(first, trials.command("audit", trials.run))
    first.send(signal.SIGCONT)
    return found or first.finish().err or trials.same_bits(trials.run)


# --- ports -----------------------------------------------------------------------------------------------------------


def serving(trials: Trials, *words: object) -> tuple[Command, dict[str, str]]:
    """A server that answers, and what it says of itself."""
    first = trials.command("serve", "--json", *words)
    return first, listening(first)


def listening(server: Command) -> dict[str, str]:
    """What a server says of itself, once it answers."""
    out = server.said.with_suffix(".out")
    assert wait_until(lambda: out.read_text().endswith("}\n"), server), server.finish()
    about: dict[str, str] = json.loads(out.read_text())
    return about


def answers(trials: Trials, address: str) -> str:
    """What is wrong with the answer of a server; else ""."""
    film = next((trials.films / "COVID").iterdir()).read_bytes()
    request = urllib.request.Request(
        f"{address}/v1/predictions", film, {"Content-Type": "application/octet-stream"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        return "" if answer.status == 200 else f"the first answers {answer.status}"


def turned_away(ran: Ran, port: object) -> str:
    told = ran.code == 2 and len(ran.err.splitlines()) == 1 and str(port) in ran.err and not ran.out
    return "" if told else f"exit code {ran.code}: {ran.err[-300:]}"


def serve_and_serve(trials: Trials) -> str:
    _, about = serving(trials, "--port", 0)
    port = about["address"].rpartition(":")[2]
    return turned_away(trials.command("serve", "--port", port).finish(), port) or answers(trials, about["address"])


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def serve_and_serve_at_one_instant(trials: Trials) -> str:
    port = free_port()
    pair = at_one_instant(lambda **options: trials.command("serve", "--json", "--port", port, **options))
    assert wait_until(lambda: any(command.ended() for command in pair), pair[0])
    second, first = sorted(pair, key=lambda command: not command.ended())
    return turned_away(second.finish(), port) or answers(trials, listening(first)["address"])


def two_dicom_nodes(trials: Trials) -> str:
    words = ("--port", 0, "--dicom-to", "ARCHIVE@127.0.0.1:9", "--dicom")
    _, about = serving(trials, *words, 0)
    port = about["dicom_port"]
    return turned_away(trials.command("serve", *words, port).finish(), port) or answers(trials, about["address"])


def another_program_first(trials: Trials) -> str:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        return turned_away(trials.command("serve", "--port", port).finish(), port)


CASES = (
    start_and_start_at_one_instant,
    serve_and_serve,
    start_then_start,
    serve_and_serve_at_one_instant,
    start_then_resume,
    two_dicom_nodes,
    a_killed_one_leaves_no_lock,
    another_program_first,
    folds_and_folds,
    resume_and_resume_at_one_instant,
    others_look_on,
)


@row(
    fault="two trainings into one folder; two servers on one port",
    must_hold="the second refuses with exit code 2, says who is there and changes nothing; the first goes on; a killed one "
    "leaves no lock",
    counted="let in",
    short=11,
    long=50,
)
def run(count: int, folder: Path) -> Outcome:
    """The trials, one case after the other."""
    import_all("plainfilm.serving.server", "plainfilm.serving.dicom.node", "plainfilm.serving.dicom.structured_report")
    trials, failures = Trials(folder), list[str]()
    for number in range(count):
        trials.begin(number)
        case = CASES[number % len(CASES)]
        try:
            if found := case(trials):
                failures.append(f"trial {number} ({case.__name__}): {found}")
        finally:
            trials.close()
        shutil.rmtree(trials.run, ignore_errors=True)
    return Outcome(count, tuple(failures))
