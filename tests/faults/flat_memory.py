"""Memory stays flat: of a server under requests, of a process that answers films, of models opened and pages loaded."""

import re
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
from clients import PREDICTIONS, started

from faults.film_seeds import film_seeds, stored
from faults.mutation import mutated
from faults.row import Outcome, row
from plainfilm.data.phantom import draw
from plainfilm.randomness import generator
from plainfilm.serving.api.samples import PHANTOM_MODEL

CHILD = Path(__file__).with_name("memory_child.py")
FILM_SIZES_PX = (96, 300, 700, 1200)
QUERIES = ("", "?map=png&film=png&override=true", "?map=array&override=true")
MOST_GROWTH_PERCENT = 5.0
SHORT_GROWTH_PERCENT = 15.0  # allowed where there is hardly a warm-up
LONG = 10_000  # from so many requests on the figure of the table holds
RELOADS_PART = 100  # a reload to so many requests
READINGS = 5
FEWEST_FILMS = 128  # of the command: some batches
MOST_ROW_BYTES = 3000  # of the command, which keeps its rows (never films, nor maps) to print them
SLACK_BYTES = 8 * 2**20  # by which two runs of the same command differ


@row(
    fault="10,000 requests; 10,000 films; 100 reloads",
    must_hold="memory flat after warm-up",
    counted=f"grown by {MOST_GROWTH_PERCENT:g} % or more",
    short=120,
    long=LONG,
)
def run(trials: int, folder: Path) -> Outcome:
    """`trials` requests, as many films, a hundredth of reloads (at least 8): growth after warm-up, each in percent."""
    reloads = max(trials // RELOADS_PART, 8)
    growths = _of_server(trials, reloads)
    for kind, count in (("films one by one", trials), ("films of a folder", trials), ("models opened", reloads)):
        growths[kind] = _child(kind, count)
    most = MOST_GROWTH_PERCENT if trials >= LONG else SHORT_GROWTH_PERCENT
    failures = [f"{kind}: grew by {percent:.1f} %" for kind, percent in growths.items() if percent >= most]
    measured = {kind: f"{percent:+.1f} %" for kind, percent in growths.items()}
    few = max(trials // 10, FEWEST_FILMS)
    many = max(trials, 2 * few)
    first, last = (_peak_bytes_of_command(count, folder / str(count)) for count in (few, many))
    measured[f"the command predict, {few:,} and {many:,} films"] = f"{first / 2**20:.0f} and {last / 2**20:.0f} MiB"
    if last - first > MOST_ROW_BYTES * (many - few) + SLACK_BYTES:
        failures.append(f"plainfilm predict: grew by {(last - first) / (many - few):.0f} bytes a film")
    return Outcome(trials, tuple(failures), measured)


def resident_bytes(process: int | str = "self", entry: str = "VmRSS") -> int:
    """The memory of a process that is in use; of the entry "VmHWM": that was, at most. From Linux."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    found = re.search(rf"^{entry}:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024


def growth_percent(step: Callable[[int], object], count: int, resident: Callable[[], int]) -> float:
    """Do `count` steps: the growth from the end of the warm-up, a quarter of them, to the end, each by some readings."""
    warm_up = max(count // 4, 1)
    readings = []
    for number in range(count):
        step(number)
        if warm_up - READINGS < number + 1 <= warm_up or number >= count - READINGS:
            readings.append(resident())
    half = len(readings) // 2
    before, after = statistics.median(readings[:half]), statistics.median(readings[half:])
    return 100 * (after / before - 1)


def mixed_films() -> list[bytes]:
    """Films of all kinds and several sizes, and as many bad ones."""
    seeds = [*film_seeds().values()]
    large = [
        stored(draw("NORMAL", seed=29, number=number, size=size).pixels, "PNG")
        for number, size in enumerate(FILM_SIZES_PX)
    ]
    bad = [mutated(seeds, generator(0, "flat-memory", number)) for number in range(len(seeds))]
    return [film for three in zip(seeds, bad, large * len(seeds), strict=False) for film in three]


def _of_server(requests: int, page_loads: int) -> dict[str, float]:
    films = mixed_films()
    with started(PHANTOM_MODEL) as server, httpx.Client(base_url=server.address, timeout=60) as client:

        def ask(number: int) -> None:
            url = PREDICTIONS + QUERIES[number % len(QUERIES)]
            assert client.post(url, content=films[number % len(films)]).status_code < 500

        def load(_: int) -> None:
            page = client.get("/").text
            for path in re.findall(r'(?:src|href)="(/[^"]+)"', page):
                client.get(path).raise_for_status()
            client.get("/v1/models").raise_for_status()

        pid = server.process.pid
        return {
            "requests": growth_percent(ask, requests, lambda: resident_bytes(pid)),
            "page loads": growth_percent(load, page_loads, lambda: resident_bytes(pid)),
        }


def _peak_bytes_of_command(films: int, folder: Path) -> int:
    """The most memory that `plainfilm predict` of a folder of so many films has in use."""
    (folder / "COVID").mkdir(parents=True)
    for number in range(films):
        original = folder / "COVID" / f"{number % 20}.png"
        if number < 20:
            original.write_bytes(stored(draw("COVID", seed=29, number=number, size=96).pixels, "PNG"))
        else:
            (folder / "COVID" / f"{number}.png").hardlink_to(original)
    words = ("predict", PHANTOM_MODEL, folder, "--csv", folder / "answers.csv", "--override")
    return int(_child("command", *words))


def _child(*words: object) -> float:
    """The figure that a process of its own finds."""
    done = subprocess.run([sys.executable, CHILD, *map(str, words)], capture_output=True, text=True, check=True)
    return float(done.stdout.splitlines()[-1])
