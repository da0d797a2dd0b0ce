"""Tokens of patients planted wherever a patient can be named; every command, talkative and crashing, tells of none.

What is in a film may go nowhere. A name of a file or a cell of a table may stand on the user's own terminal and in the
tables of films (`index.csv`, `predictions.csv` and their like); the servers have no such user.
"""

import base64
import contextlib
import http.client
import re
import warnings
import zlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dicom_peers import archive, send
from pydicom import dcmread
from pydicom.filebase import DicomBytesIO

from faults import planted, planted_findings
from faults.loudly import Commands, serving, watching
from faults.planted import Tokens
from faults.planted_findings import FindingTables
from faults.row import Outcome, row

TABLES = re.compile(r"(index\.(csv|json)|predictions\.csv|seen\.csv|clusters\.csv|answers\.csv|\.plainfilm-\w+)$")
TERMINAL = re.compile(r"^(?!serve).*\.(out|err)$")
RECIPE = """[split]
validation = 0.2
test = 0.3
[model]
width = 16
[training]
sizes_px = [64]
epochs = [1]
batch_size = 16
precision = "float32"
[augment]
policy = "none"
"""
LIBRARIES = (
    "torch",
    "onnx",
    "jinja2",
    "plainfilm.workflows.training",
    "plainfilm.workflows.auditing",
    "plainfilm.serving.server",
)
MEGABYTE = 2**20
SHORT = 50


class Watch:
    """Looks for the tokens in whatever it is shown."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens, self.found = tokens, dict[str, str]()

    def look(self, where: str, data: bytes, *, tables: bool = False) -> None:
        """Search `data`; `tables`: names of files and cells of tables may stand there."""
        wanted = self.tokens.inside | ({} if tables else self.tokens.named)
        is_text = b"\0" not in data
        whole = data.lower() if is_text else data.lower() + data.replace(b"\0", b"").lower()
        shapes = (whole, *unpacked(data))
        for place, token in wanted.items():
            raw = token.lower().encode()
            if any(raw in shape for shape in shapes) or (is_text and any(form in data for form in encoded(token))):
                self.found.setdefault(place, where)


def encoded(token: str) -> Iterator[bytes]:
    """A token in the middle of a text in base64, at each of its three phases: the characters that it alone decides."""
    for phase in range(3):
        whole = base64.b64encode(b"x" * phase + token.encode())
        yield whole[-(-phase * 8 // 6) : (phase + len(token.encode())) * 8 // 6]


def unpacked(data: bytes) -> Iterator[bytes]:
    """Pictures in base64, and what is compressed, in lower case; in pictures as well."""
    for piece in re.findall(rb"base64,([A-Za-z0-9+/]+={0,2})", data):
        picture = base64.b64decode(piece)
        yield picture.lower()
        yield from unpacked(picture)
    if data.startswith((b"\x89PNG", b"PK")):
        for place in re.finditer(rb"\x78[\x01\x5e\x9c\xda]", data):
            with contextlib.suppress(zlib.error):
                yield zlib.decompressobj().decompress(data[place.start() :], MEGABYTE).lower()


@row(
    fault="planted patient tokens (DICOM tags, file names, table columns, scores, requests), with classes and with "
    "findings, at DEBUG level, in crashes too",
    must_hold="in no log, metric, error body, temporary file, report or model file",
    counted="hits",
    short=SHORT,
    long=100,
)
def run(trials: int, folder: Path) -> Outcome:
    """Every place is a trial; each is in the films of every command. Many trials: with Python's own checks, too."""
    tokens = Tokens()
    (folder / "data").mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        data = planted.write(folder / "data", tokens)
        findings = planted_findings.write(folder / "data", data.paths, tokens)
    at = folder / "work"
    at.mkdir()
    (at / "recipe.toml").write_text(RECIPE)
    (at / "findings.toml").write_text(RECIPE + planted_findings.RECIPE)
    watch = Watch(tokens)

    def look(path: Path, content: bytes) -> None:
        name = path.relative_to(at if path.is_relative_to(at) else commands.temporary).as_posix()
        watch.look(f"the name of {name}", name.encode())
        watch.look(name, content, tables=bool(TABLES.search(name) or TERMINAL.match(name)))

    is_long = trials > SHORT
    commands = Commands(at, LIBRARIES, options=("-X", "dev") if is_long else ())
    with watching([at, commands.temporary], look), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the pydicom here, which sends what is odd
        codes = offline(commands, data) | offline_of_findings(commands, data, findings)
        crash(commands, data, findings, every=is_long)
        serve(commands, data, tokens, watch)
        serve_findings(commands, data, tokens, watch)
        remains = [*at.rglob("*"), *commands.temporary.rglob("*")]
    commands.close()
    left = [path.name for path in remains if path.name.startswith((".plainfilm-", "plainfilm-"))]
    failures = [f"{place}: found in {where}" for place, where in watch.found.items()]
    failures += [f"{name} ended with {code}" for name, code in codes.items()]
    failures += [f"left behind: {name}" for name in left]
    return Outcome(len(tokens.inside) + len(tokens.named), tuple(failures))


def offline(commands: Commands, data: planted.DataSet) -> dict[str, int]:
    """Every command, on all sources; the codes that are not those expected."""
    sources, table = data.sources, ("--table", data.tables[0])
    recipe, run, model = ("--recipe", "recipe.toml"), "run", "run/model.onnx"
    codes = {
        "index": (0, ("index", *sources, *table, *recipe, "--out", "index")),
        "train": (0, ("train", *sources, *table, *recipe, "--out", run, "--workers", 1, "--threads", 1)),
        "evaluate": (0, ("evaluate", model, data.sources[0], *table, "--out", "run/external/elsewhere")),
        "audit": (0, ("audit", run)),
        "report": (0, ("report", run)),
        "predict": (1, ("predict", model, *sources, "--maps", "maps", "--csv", "answers.csv", "--override")),
        "predict-json": (1, ("predict", model, *sources, "--json")),
        "doctor": (1, ("doctor", *sources, model, *table)),
    }
    return wrong_codes(commands, codes)


def offline_of_findings(commands: Commands, data: planted.DataSet, findings: FindingTables) -> dict[str, int]:
    """The same with findings, as far as commands know of them; and scores of another program."""
    table, recipe = ("--table", findings.table), ("--recipe", "findings.toml")
    run, model = "findings", "findings/model.onnx"
    train = ("train", *data.sources, *table, *recipe, "--out", run, "--workers", 1, "--threads", 1)
    codes = {
        "findings-train": (0, train),
        "findings-evaluate": (0, ("evaluate", model, data.sources[0], *table, "--out", "findings/external/elsewhere")),
        "findings-audit": (0, ("audit", data.sources[0], *table, *recipe, "--out", "findings/audit")),
        "findings-report": (0, ("report", run)),
        "findings-predict": (
            1,
            ("predict", model, *data.sources, *table, "--maps", "maps", "--csv", "findings/answers.csv", "--override"),
        ),
        "findings-json": (1, ("predict", model, *data.sources, "--json")),
        "scores": (0, ("evaluate", findings.scores, *table, *recipe, "--out", "scored")),
    }
    return wrong_codes(commands, codes)


def wrong_codes(commands: Commands, calls: Mapping[str, tuple[int, Sequence[object]]]) -> dict[str, int]:
    """Run commands by the names of the calls; the codes that are not those expected."""
    return {name: code for name, (wanted, words) in calls.items() if (code := commands.run(name, *words)) != wanted}


def crash(commands: Commands, data: planted.DataSet, findings: FindingTables, *, every: bool) -> None:
    """The same, with too little memory, no room on the disk, libraries that are not there; each, or one of each."""
    words = {
        "index": ("index", *data.sources, "--recipe", "recipe.toml"),
        "predict": ("predict", "run/model.onnx", *data.sources),
    }
    for name, line in words.items():
        if every or name == "index":
            commands.run(f"{name}-memory", *line, limits={"RLIMIT_DATA": 350 * MEGABYTE})
        if every or name == "predict":
            commands.run(f"{name}-missing", *line, missing=["pydicom", "gdcm"])
    commands.run("index-disk", *words["index"], "--out", "full", limits={"RLIMIT_FSIZE": 2000})
    scores = ("evaluate", findings.scores, "--table", findings.table, "--recipe", "findings.toml")
    commands.run("scores-disk", *scores, "--out", "full", limits={"RLIMIT_FSIZE": 2000})
    commands.run("scores-unsaid", *scores[:4])  # refused: nothing says what blank cells mean
    commands.run("predict-disk", *words["predict"], "--csv", "full/answers.csv", limits={"RLIMIT_FSIZE": 2000})


# --- servers ---------------------------------------------------------------------------------------------------------


def serve(commands: Commands, data: planted.DataSet, tokens: Tokens, watch: Watch) -> None:
    """The server and the node, with clients that name patients in all that clients can fill."""
    with archive() as there:
        to = f"ARCHIVE@127.0.0.1:{there.destination.port}"
        words = ("run/model.onnx", "--run", "run", "--dicom", 0, "--dicom-to", to, "--dicom-map")
        with serving(commands, "serve", *words) as announced:
            host = announced["address"].removeprefix("http://")
            for request in requests(data, tokens):
                watch.look(f"the answer to {request[:2]}"[:60], answered(host, *request))
            node(announced["dicom_port"], data, tokens)
            there.reports(1)
            for path in ("/metrics", "/v1/run", "/v1/models", "/training"):
                watch.look(path, answered(host, "GET", path))


def serve_findings(commands: Commands, data: planted.DataSet, tokens: Tokens, watch: Watch) -> None:
    """The same with a model of findings, and what only clients of such a model can ask."""
    with archive() as there:
        to = f"ARCHIVE@127.0.0.1:{there.destination.port}"
        words = ("findings/model.onnx", "--dicom", 0, "--dicom-to", to, "--dicom-map")
        with serving(commands, "serve-findings", *words) as announced:
            host = announced["address"].removeprefix("http://")
            wrong = f"/v1/predictions?map=png&map_of={tokens.put('a finding')}"
            watch.look("the answer to a finding", answered(host, "POST", wrong, data.film.read_bytes()))
            for request in films_of(data):
                watch.look("an answer of findings", answered(host, *request))
            send(announced["dicom_port"], dcmread(DicomBytesIO(data.patient)))
            there.reports(1)
            for path in ("/metrics", "/v1/models"):
                watch.look(f"{path} of findings", answered(host, "GET", path))


def requests(data: planted.DataSet, tokens: Tokens) -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Method, path, body and headers."""
    there, film = "/v1/predictions", data.film.read_bytes()
    for name in ("Cookie", "Referer", "User-Agent", "Authorization", "Accept-Language", "Content-Type", "X-Patient"):
        yield "POST", there, film, {name: tokens.put(f"HTTP {name}")}
    for name in ("Host", "Origin", "X-Forwarded-For", "Expect", "Upgrade", "Content-Encoding"):
        yield "POST", there, film, {name: tokens.put(f"HTTP {name}")}
    yield "POST", there, film, {tokens.put("the name of a header"): "x"}
    for place, path in (("a path", "/{}/x"), ("a sample", "/v1/samples/{}"), ("a page", "/page/{}.js")):
        yield "GET", path.format(tokens.put(place)), b"", {}
    for place, query in (("a parameter", "map={}"), ("a model", "model={}"), ("a parameter's name", "{}=1")):
        yield "POST", f"{there}?{query.format(tokens.put(place))}", film, {}
    yield tokens.put("a method").upper(), there, b"", {}
    yield "POST", there, tokens.put("a body").encode(), {}
    for place, (name, file) in {"a form's file": ("films", "{}.dcm"), "a form's field": ("{}", "x.dcm")}.items():
        token = tokens.put(place)
        lines = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="{file}"\r\n\r\n'.format(token)
        body = lines.replace("{}", token).encode() + data.patient + b"\r\n--x--\r\n"
        yield "POST", there, body, {"Content-Type": "multipart/form-data; boundary=x"}
    yield from films_of(data)


def films_of(data: planted.DataSet) -> Iterator[tuple[str, str, bytes, dict[str, str]]]:
    """Requests with each film that holds a token."""
    for path in sorted(data.film.parent.iterdir()):
        if path.exists() and not path.name.startswith("COVID"):
            yield "POST", "/v1/predictions?override=true&map=png&film=png", path.read_bytes(), {}


def answered(host: str, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> bytes:
    """All of an answer: its status, its headers, its body."""
    client = http.client.HTTPConnection(host, timeout=30)
    client.request(method, path, body, headers or {})
    response = client.getresponse()
    whole = f"{response.status} {response.reason} {response.headers}".encode() + response.read()
    client.close()
    return whole


def node(port: int, data: planted.DataSet, tokens: Tokens) -> None:
    """Films by DICOM: from a caller with a name, to a title that is not the node's."""
    film = dcmread(DicomBytesIO(data.patient))
    send(port, film, caller=tokens.put("a caller's title", "TOK{:02d}CALLER"))
    with contextlib.suppress(AssertionError):  # which says that the node does not take the call
        send(port, film, title=tokens.put("a called title", "TOK{:02d}CALLED"))
