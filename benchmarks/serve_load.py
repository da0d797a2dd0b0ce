"""The server under load, beside the predictor's own speed, interleaved in one run.

    python benchmarks/serve_load.py runs/fast/model.onnx input_data.zip

- one film: median time over HTTP with one client (its connection stays open), beside `Predictor.predict_bytes`;
- 16 clients: films a second, beside `Predictor.predict_many`;
- overload: requests offered at ten times the server's own peak: films answered a second beside the peak, the 99th
  percentile of their times beside the deadline, the time of `/healthz`, the server's memory;
- start: from the start of `plainfilm serve` to its first answer.

Clients, server and predictor share the machine's cores: the clients' share of the processors' time is printed with
each part. The predictor runs in the clients' process, while the server is idle.
"""

import argparse
import asyncio
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from statistics import median

import numpy as np
from answer_speed import interval, resident_mib

from plainfilm.data.sources.listing import list_films
from plainfilm.model.predictor import Prediction, Predictor
from plainfilm.randomness import generator
from plainfilm.serving.limits import LIMITS

NUM_FILMS = 256
NUM_SINGLE = 60  # films a round, one after another
CLIENTS = 16
OVERLOAD, OVERLOAD_CLIENTS = 10, 256
HEALTH_EVERY_S = 0.1
GOALS = (
    "goals: one film at most 1.25; 16 clients at least 0.9; overload at least 0.9 of the peak, p99 within the deadline"
)


@dataclass
class Load:
    """What clients saw."""

    seconds: list[float] = field(default_factory=list)  # of answered requests
    refused: int = 0
    failed: int = 0
    health_s: list[float] = field(default_factory=list)


class Client:
    """One connection that stays open."""

    def __init__(self, port: int) -> None:
        self.port, self.reader, self.writer = port, None, None

    async def send(self, request: bytes) -> int:
        """Send a request, read the whole answer, return its status."""
        if self.writer is None or self.writer.is_closing():
            self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        self.writer.write(request)
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        (length,) = [int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")]
        await self.reader.readexactly(length)
        if b"connection: close" in lines:
            self.close()
        return int(head[9:12])

    def close(self) -> None:
        """Close the connection; the next request opens one."""
        if self.writer is not None:
            self.writer.close()
            self.writer = None


def film_request(film: bytes) -> bytes:
    """A request for the answer to one film, as it goes over the wire."""
    head = f"POST /v1/predictions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: {len(film)}\r\n\r\n"
    return head.encode() + film


async def closed_loop(port: int, requests: Sequence[bytes], num_clients: int) -> Load:
    """Each client sends its next request when it has its answer."""
    load, waiting = Load(), iter(requests)

    async def work() -> None:
        client = Client(port)
        for request in waiting:
            began = time.perf_counter()
            status = await client.send(request)
            assert status == 200, status
            load.seconds.append(time.perf_counter() - began)
        client.close()

    await asyncio.gather(*(work() for _ in range(num_clients)))
    return load


async def open_loop(port: int, requests: Sequence[bytes], rate: float, seconds: float) -> Load:
    """Requests start at a steady rate, whatever the answers do, while a client is free; /healthz is asked beside."""
    load, films, free = Load(), cycle(requests), [Client(port) for _ in range(OVERLOAD_CLIENTS)]
    tasks: set[asyncio.Task[None]] = set()
    end = time.perf_counter() + seconds

    async def one(client: Client, request: bytes) -> None:
        began = time.perf_counter()
        try:
            status = await client.send(request)
        except (OSError, asyncio.IncompleteReadError):
            load.failed += 1
            client.close()
        else:
            if status == 200:
                load.seconds.append(time.perf_counter() - began)
            elif status == 503:
                load.refused += 1
            else:
                load.failed += 1
        free.append(client)

    async def health() -> None:
        client = Client(port)
        while time.perf_counter() < end:
            began = time.perf_counter()
            await client.send(b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n")
            load.health_s.append(time.perf_counter() - began)
            await asyncio.sleep(HEALTH_EVERY_S)

    watch = asyncio.create_task(health())
    due = time.perf_counter()
    while (now := time.perf_counter()) < end:
        while due <= now:
            due += 1 / rate
            if free:
                task = asyncio.create_task(one(free.pop(), next(films)))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
        await asyncio.sleep(0.002)
    await watch
    await asyncio.gather(*tasks)
    return load


@contextmanager
def server(model: Path) -> Iterator[tuple[int, int]]:
    """A running `plainfilm serve`: its port and its process number."""
    command = [sys.executable, "-m", "plainfilm", "serve", str(model), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = "".join(iter(process.stdout.readline, "}\n")) + "}"
        try:
            yield int(json.loads(lines)["address"].rpartition(":")[2]), process.pid
        finally:
            process.terminate()


@contextmanager
def share_of_clients(part: str) -> Iterator[None]:
    """Print which share of the time of all processors this process took meanwhile."""
    began, cpu = time.perf_counter(), time.process_time()
    yield
    share = (time.process_time() - cpu) / (time.perf_counter() - began) / (os.cpu_count() or 1)
    print(f"  clients in '{part}': {100 * share:.0f} % of the processors' time")


def one_film(predictor: Predictor, port: int, films: Sequence[bytes], rounds: int) -> None:
    """Print the ratio of median times for single films."""
    ours, theirs = [], []
    for _ in range(rounds):
        times = []
        for film in films[:NUM_SINGLE]:
            began = time.perf_counter()
            predictor.predict_bytes(film)
            times.append(time.perf_counter() - began)
        ours.append(median(times))
        load = asyncio.run(closed_loop(port, [film_request(film) for film in films[:NUM_SINGLE]], 1))
        theirs.append(median(load.seconds))
    ratios = [http / own for http, own in zip(theirs, ours, strict=True)]
    print(f"one film: {1e3 * median(theirs):.2f} ms beside {1e3 * median(ours):.2f} ms; ratio {interval(ratios)}")


def throughput(predictor: Predictor, port: int, films: Sequence[bytes], rounds: int) -> float:
    """Print the ratio for 16 clients; the server's median films a second."""
    ours, theirs = [], []
    requests = [film_request(film) for film in films]
    for _ in range(rounds):
        began = time.perf_counter()
        answered = list(predictor.predict_many(lambda film=film: film for film in films))
        ours.append(len(answered) / (time.perf_counter() - began))
        with share_of_clients("16 clients"):
            began = time.perf_counter()
            asyncio.run(closed_loop(port, requests, CLIENTS))
            theirs.append(len(requests) / (time.perf_counter() - began))
    ratios = [http / own for http, own in zip(theirs, ours, strict=True)]
    print(f"{CLIENTS} clients: {median(theirs):.1f} films/s beside {median(ours):.1f}; ratio {interval(ratios)}")
    return median(theirs)


def overload(port: int, pid: int, films: Sequence[bytes], peak: float, seconds: float, rounds: int) -> None:
    """Print what is left of the peak when ten times as much is asked for."""
    requests = [film_request(film) for film in films]
    for _ in range(rounds):
        before = resident_mib(pid)
        with share_of_clients("overload"):
            began = time.perf_counter()
            load = asyncio.run(open_loop(port, requests, OVERLOAD * peak, seconds))
            took = time.perf_counter() - began
        goodput = len(load.seconds) / took
        offered = (len(load.seconds) + load.refused + load.failed) / took
        p99, health = (float(np.quantile(times, 0.99)) for times in (load.seconds, load.health_s))
        print(
            f"overload: {offered:.0f} requests/s, {goodput:.1f} films/s answered = {goodput / peak:.2f} of the peak; "
            f"p99 {p99:.2f} s (deadline {LIMITS.deadline_s:g} s); failed {load.failed}; /healthz median "
            f"{1e3 * median(load.health_s):.0f} ms, p99 {1e3 * health:.0f}, max {1e3 * max(load.health_s):.0f} "
            f"(n {len(load.health_s)}); memory {before:.0f} -> {resident_mib(pid):.0f} MiB"
        )


def start(model: Path, film: bytes, rounds: int) -> None:
    """Print the time from the start of the command to its first answer."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        with server(model) as (port, _):
            asyncio.run(closed_loop(port, [film_request(film)], 1))
            times.append(time.perf_counter() - began)
    print(f"start to first answer: {median(times):.2f} s ({min(times):.2f} to {max(times):.2f}, n {rounds})")


def main() -> None:
    """Print all of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("source", type=Path)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=20.0, help="of overload, a round")
    options = parser.parse_args()
    print(f"{time.strftime('%Y-%m-%d')}, {platform.processor() or platform.machine()}, {os.cpu_count()} processors")
    listing = list_films([options.source])
    chosen = generator(0, "load").permutation(len(listing.entries))[: NUM_FILMS + NUM_FILMS // 8]
    predictor = Predictor(options.model)
    candidates = [listing.read(listing.entries[number]) for number in chosen]
    results = predictor.predict_many(lambda film=film: film for film in candidates)
    films = [
        film
        for film, result in zip(candidates, results, strict=True)
        if isinstance(result, Prediction) and result.verdict.passed
    ][:NUM_FILMS]
    start(options.model, films[0], options.rounds)
    with server(options.model) as (port, pid):
        one_film(predictor, port, films, options.rounds)
        peak = throughput(predictor, port, films, options.rounds)
        overload(port, pid, films, peak, options.seconds, 3)
    print(GOALS)


if __name__ == "__main__":
    main()
