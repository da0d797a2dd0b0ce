"""Mutants of all that a stranger can send, of classes and findings: films, requests, tables, scores, recipes, cards."""

import os
import selectors
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import httpx
from clients import PREDICTIONS, Server, started
from dicom_peers import archive, film, send

from faults import mutant_seeds
from faults.film_seeds import film_seeds, stored
from faults.guided import guided
from faults.mutation import mutated
from faults.recorded_call import recorded_call, said_again
from faults.row import Outcome, row
from faults.staged import TASKS, of_findings
from plainfilm.data.phantom import draw
from plainfilm.randomness import generator
from plainfilm.serving.api.samples import PHANTOM_MODEL

CHILD = Path(__file__).with_name("mutant_child.py")
LONGEST_S = 5.0
START_S = 60.0  # for a process to load what it needs
SLOWER = 100  # a command that reads films, or an association, takes so many times as long as a film
SHARES = {"tables": 1, "recipes": 1, "cards": 10, "findings": 4, "scores": 4}  # of mutants of what is no film
ABROAD = "films are not like those that the model was tested on"  # what is logged of mutants, once they are many
FORM = {"content-type": "multipart/form-data; boundary=x"}
NO_HEADER = b"\r\n\0\v\f"  # what no client sends within a header
QUERIES = ("", "?override=true", "?map=png&film=png&override=true", "?map=array")
MAP_OF = "override=true&map=png&film=png&map_of=Mass"  # what a model of findings can be asked


@row(
    fault="10,000 mutated films through predictors and 10,000 through HTTP, as many guided by coverage; tables, scores, "
    "recipes and cards; models of classes and of findings",
    must_hold="4xx or exit code 1; the process lives",
    counted="crashes, 5xx or hangs > 5 s",
    short=120,
    long=10_000,
    are_drawn=True,
)
def run(trials: int, folder: Path) -> Outcome:
    """`trials` films through predictors, as many over HTTP, fewer of the rest; failing mutants stay in the folder."""
    few = max(trials // SLOWER, 3)
    targets = {"films": trials, **{name: share * few for name, share in SHARES.items()}}
    failures = [line for target, count in targets.items() for line in _through_a_child(target, count, folder)]
    failures += guided(trials, folder)
    findings = folder / "findings.onnx"
    findings.write_bytes(of_findings(mutant_seeds.FINDINGS))
    statuses: Counter[int] = Counter()
    with archive() as keeper:
        to = f"ARCHIVE@127.0.0.1:{keeper.destination.port}"
        for turn, model in enumerate((PHANTOM_MODEL, findings)):
            with started(model, "--dicom", 0, "--dicom-to", to) as server:
                found, lines = _over_http(server, range(turn, trials, len(TASKS)), folder)
                statuses += found
                failures += lines + _over_dicom(server, range(turn, few, len(TASKS)), folder)
            if noise := [line for line in server.err if not line.startswith(ABROAD)]:
                failures.append(f"the server wrote to standard error: {noise[0]}")
    told = ", ".join(f"{status}: {count}" for status, count in sorted(statuses.items()))
    return Outcome(trials, tuple(failures), {"statuses of HTTP": told})


# --- in a process of its own -----------------------------------------------------------------------------------------


def _through_a_child(target: str, count: int, folder: Path) -> list[str]:
    """What came of mutants 0 to `count` that should not have; after a crash or a hang the next one is taken."""
    lines: list[str] = []
    first = 0
    with (folder / f"{target}.stderr").open("w+b") as said:
        while first < count:
            command = [sys.executable, str(CHILD), target, str(first), str(count), str(folder)]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as child:
                number, found = _watched(child, lines)
            if not found:
                break
            lines.append(f"{target}, mutant {number}: {found}")
            first = number + 1
        said.seek(0)
        if noise := said.read(200):
            lines.append(f"{target}: written to standard error: {noise!r}")
    if lines:
        (folder / f"{target}-failures.txt").write_text("\n".join(lines), encoding="utf-8")
    return lines


def _watched(child: "subprocess.Popen[bytes]", lines: list[str]) -> tuple[int, str]:
    """The number of the mutant at which a child ended or stood still, and how; "" where it came to its end.

    What it says of a mutant is added to `lines`.
    """
    assert child.stdout is not None
    number, unread = -1, b""
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        while ready.select(START_S if number < 0 else LONGEST_S):
            part = os.read(child.stdout.fileno(), 2**16)
            if not part:
                code = child.wait()
                return number, "" if code == 0 else f"the process ended with {code}"
            *whole, unread = (unread + part).split(b"\n")
            for line in whole:
                word, _, found = line.decode(errors="replace").partition(" ")
                number = int(word)
                if found:
                    lines.append(f"mutant {number}: {found}")
    child.kill()
    return number, f"not done after {LONGEST_S:g} s"


# --- over HTTP -------------------------------------------------------------------------------------------------------


def _over_http(server: Server, numbers: Sequence[int], folder: Path) -> tuple[Counter[int], list[str]]:
    """The statuses of mutants, alone and in forms; and what should not have been."""
    good = tuple(film_seeds().values())
    sound = stored(draw("COVID", seed=29, number=0, size=96).pixels, "PNG")
    statuses: Counter[int] = Counter()
    lines = []
    with httpx.Client(base_url=server.address, timeout=LONGEST_S) as client:
        before = _answer(client, sound)
        with ThreadPoolExecutor(2) as pool:
            for number, told in zip(numbers, pool.map(partial(_status, client, good), numbers), strict=True):
                if isinstance(told, int):
                    statuses[told] += 1
                if not (isinstance(told, int) and (told == 200 or 400 <= told < 500)):
                    lines.append(f"over HTTP, mutant {number}: {told}")
                    (folder / f"http-{number}").write_bytes(_request(good, number)["content"])
        if client.get("/healthz").status_code != 200 or _answer(client, sound) != before:
            lines.append("over HTTP: a good film is no longer answered as before")
    return statuses, lines


def _answer(client: httpx.Client, data: bytes) -> Any:
    """The answer for a film, without the time that it took and what the films between say of their place."""
    answer = client.post(PREDICTIONS, content=data).json() | {"time_ms": 0, "watched": None}
    for entry in answer["predictions"]:
        entry |= dict.fromkeys(("stance", "headline", "promised", "shift"))
    return answer


def _request(good: tuple[bytes, ...], number: int) -> dict[str, Any]:
    """A request with mutant `number`: the film as a body; in a form; a form or a query that is a mutant itself.

    Numbers that differ by 2 take the same parts in turn: even ones are for one server, odd ones for the other.
    """
    draws, turn = generator(0, "mutants", "http", number), number // len(TASKS)
    url = PREDICTIONS + QUERIES[turn % len(QUERIES)]
    data = mutated(good, draws)
    match turn // len(QUERIES) % 4:
        case 0:
            return {"url": url, "content": data}
        case 1:
            return {"url": url, "content": _form(data, good[number % len(good)]), "headers": FORM}
        case 2:
            query = mutated([MAP_OF.encode()], draws)
            return {"url": f"{PREDICTIONS}?{quote_from_bytes(query, safe='=&')}", "content": good[number % len(good)]}
        case _:
            form = mutated([_form(*good[:2]), _form(good[0])], draws)
            kind = mutated([FORM["content-type"].encode()], draws) if number % 2 else FORM["content-type"].encode()
            # what no client could send at all is no header
            return {
                "url": url,
                "content": form,
                "headers": {b"content-type": bytes(kind).translate(None, NO_HEADER).strip()},
            }


def _form(*films: bytes) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="films"; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'
    return b"".join(head + data + b"\r\n" for data in films) + b"--x--\r\n"


def _status(client: httpx.Client, good: tuple[bytes, ...], number: int) -> int | str:
    try:
        return client.post(**_request(good, number)).status_code
    except httpx.HTTPError as error:
        return repr(error)


# --- over DICOM ------------------------------------------------------------------------------------------------------


def _over_dicom(server: Server, numbers: Sequence[int], folder: Path) -> list[str]:
    """What should not have come of associations that were recorded once and are said again, changed."""
    assert server.dicom_port is not None
    call = recorded_call(server.dicom_port, lambda port: send(port, film()))
    lines = []
    for number in numbers:
        mutant = mutated([call], generator(0, "mutants", "dicom", number))
        if found := said_again(server.dicom_port, mutant, LONGEST_S):
            lines.append(f"over DICOM, mutant {number}: {found}")
            (folder / f"dicom-{number}").write_bytes(mutant)
    if send(server.dicom_port, film()) != [0]:
        lines.append("over DICOM: a good film is no longer taken")
    return lines
