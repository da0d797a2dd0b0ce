"""Names that are programs: for a browser, a spreadsheet, a terminal, a renderer of Markdown, a drawer of formulas.

Files, classes, columns, a model's card and a recipe carry them; every place where a name is shown shows it, and nothing
runs. A trial is a payload at one of these places.
"""

import csv
import io
import json
import os
import shutil
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import httpx
import numpy as np
import onnx
from browser import launched, visiting
from hostile import with_card
from markdown_it import MarkdownIt
from playwright.sync_api import Browser

import plainfilm
from faults.loudly import Commands, serving
from faults.planted import encoded
from faults.row import Outcome, row
from plainfilm.config import Recipe, parse_recipe
from plainfilm.data import phantom
from plainfilm.io import tables
from plainfilm.present.figures import draw_confusion

PAYLOADS = (
    "<img src=x onerror=window.pwned=1>",
    "=cmd|'calc'!A0",
    "\x1b]52;c;cHduZWQ=\x07",
    "\"><svg onload=document.title='pwned'>",
    "``[click](http:∕∕127.0.0.1)`",
    "$\\frac{1}{$",
    "\u202egnp.exe",
    "@SUM(1+1)",
    "</title><script>window.pwned=1</script>",
    "two\nlines",
    "+1+cmd",
    "[link=http:127.0.0.1]x[/link][red]",
    "\x9b38;5;77mred",
    "\t=1+1",
    "![x](x.png)",
    "'><iframe srcdoc='<script>parent.pwned=1</script>'>",
    "-1+cmd",
    "\x1b]8;;http:x\x1b\\x",
    "&lt;img src=x onerror=window.pwned=1&gt;",
    "\r=1+1",
    "＝1+1;=2+2",
    "{0.__class__}{{7*7}}${7*7}%s",
    "\x1b[38;5;77mred",
    "javascript:window.pwned=1",
    "<a href=javascript:window.pwned=1>x",
    "| a | b |",
    "$\\int",
    "'=1+1",
    "\u2028\u2066x\u0085",
    "W" * 120,
)
NUM_CLASSES = 3  # of the packaged model
FILMS_A_CLASS = 4
NUM_SINKS = 14
RECIPE = "[split]\nvalidation = 0\ntest = 0.3\n[training]\nsizes_px = [160]\n[report]\ntitle = {}\nauthors = {}\n"


@row(
    fault="HTML, CSV, terminal-escape, Markdown and formula injection through file, class, column and patient names",
    must_hold="escaped in page, report, tables and terminal",
    counted="executed",
    short=NUM_SINKS,
    long=2000,
)
def run(trials: int, folder: Path) -> Outcome:
    """As many rounds as it takes; in each other payloads stand in other places."""
    done, failures = 0, list[str]()
    commands = Commands(
        folder, ("matplotlib.figure", "jinja2", "plainfilm.workflows.auditing", "plainfilm.serving.server")
    )
    with launched() as browser:
        number = 0
        while done < trials:
            names = [PAYLOADS[(7 * number + place) % len(PAYLOADS)] for place in range(len(PAYLOADS))]
            at = folder / f"round-{number}"
            at.mkdir()
            stage = Round(at, names)
            failures += [f"round {number}: {failure}" for failure in look(stage, commands, browser)]
            done, number = done + NUM_SINKS * (NUM_CLASSES + len(stage.films)), number + 1
    commands.close()
    return Outcome(done, tuple(failures))


class Round:
    """Films, a table, a recipe, a model and a run whose names are payloads."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder, self.run = folder, folder / "run"
        self.classes = tuple(names[:NUM_CLASSES])
        self.films: list[str] = []
        (folder / "films").mkdir()
        self.run.mkdir()
        self.title, self.authors, view, source, column = names[-5:]
        rows: list[Sequence[object]] = [("path", "label", "view", "source", column)]
        for number, label in enumerate(self.classes * FILMS_A_CLASS):
            name = f"{names[NUM_CLASSES + number].replace('/', '∕')}.png"
            drawn = phantom.draw(phantom.CLASSES[number % NUM_CLASSES], seed=5, number=number, size=96)
            (folder / "films" / name).write_bytes(encoded(drawn.pixels, "PNG"))
            self.films.append(name)
            rows.append((name, label, view, source, "x"))
        shutil.copy(folder / "films" / name, folder / "films" / f"copy of {name}")  # a pair to be shown
        rows.append((f"copy of {name}", label, view, source, "x"))
        self.films.append(f"copy of {name}")
        (folder / "table.csv").write_text(tables.to_csv(rows), encoding="utf-8", newline="")
        shown = [json.dumps(text).replace("\x7f", "\\u007f") for text in (self.title, self.authors)]
        (self.run / "recipe.toml").write_text(RECIPE.format(*shown), encoding="utf-8")
        model = onnx.load(Path(plainfilm.__file__).parent / "serving" / "phantom.onnx")
        (self.run / "model.onnx").write_bytes(with_card(self._rename)(model))

    def _rename(self, card: dict) -> None:
        card["classes"] = [{"name": name, "names": {"en": name, "zh": name}} for name in self.classes]
        card["calibration"] = None
        card["maps"] = None
        card["evaluation"] = None


# --- what is looked at -----------------------------------------------------------------------------------------------


def look(stage: Round, commands: Commands, browser: Browser) -> Iterator[str]:
    """What does not hold."""
    at, run = stage.folder, stage.run
    films, table, recipe = at / "films", ("--table", at / "table.csv"), ("--recipe", run / "recipe.toml")
    for name, words in {
        "index": ("index", films, *table, *recipe, "--out", run),
        "evaluate": ("evaluate", run / "model.onnx", films, *table, "--out", run / "evaluation"),
        "audit": ("audit", run),
        "report": ("report", run),
        "doctor": ("doctor", films, run / "model.onnx", *table),
        "predict": ("predict", run / "model.onnx", films, *table, "--override", "--csv", run / "answers.csv"),
        "json": ("predict", run / "model.onnx", films, *table, "--override", "--json"),
    }.items():
        code = commands.run(name, *words, "--lang", "en")
        err = commands.told(name, "err")
        if code not in (0, 1) or "Traceback" in err:
            yield f"{name} ended with {code}: {err[-600:]}"
        for stream in ("out", "err"):
            yield from hidden(f"{name}.{stream}", commands.told(name, stream))
    yield from on_a_terminal(stage, commands)
    if len(json.loads(commands.told("json"))["predictions"]) != len(stage.films):
        yield "--json lacks films"
    for name in ("index.csv", "evaluation/predictions.csv", "answers.csv", "audit/clusters.csv"):
        yield from spreadsheet(run / name, stage)
    for name in ("index.json", "evaluation/metrics.json", "audit/audit.json"):
        yield from hidden(name, (run / name).read_text(encoding="utf-8"))
    yield from markdown(run / "MODEL_CARD.md")
    for name in ("report.html", "audit/pairs.html"):
        yield from opened(browser, run / name)
    yield from page(stage, commands, browser)
    draw_confusion(np.arange(9).reshape(3, 3), stage.classes, at / "confusion.png", language="en")
    told = Recipe(report=type(Recipe().report)(title=stage.title + "x", authors=stage.authors + "x"))
    if parse_recipe(told.to_toml()) != told:
        yield "TOML gives another recipe back"


def hidden(where: str, text: str) -> Iterator[str]:
    """A character that would drive a terminal, or turn the order of others round."""
    found = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")}
    if found - {"\n"}:
        yield f"{where}: {sorted(found - {chr(10)})!a}"


def on_a_terminal(stage: Round, commands: Commands) -> Iterator[str]:
    """Where both streams are a terminal: colours and a bar come and go, but no sequence of a name's."""
    ours, theirs = os.openpty()
    received = bytearray()

    def receive() -> None:
        while b"THE END" not in received:
            received.extend(os.read(ours, 4096))

    reader = threading.Thread(target=receive)
    reader.start()
    words = ("predict", stage.run / "model.onnx", stage.folder / "films", "--override")
    commands.run("terminal", *words, terminal=os.ttyname(theirs))
    os.write(theirs, b"THE END")
    reader.join()
    os.close(ours)
    os.close(theirs)
    for sequence in ("\x1b]", "\x1b[38;5;77m", "\x9b", "\u202e", "\x07", "\u2028", "\u2066"):
        if sequence.encode() in received:
            yield f"on a terminal: {sequence!a}"


def spreadsheet(path: Path, stage: Round) -> Iterator[str]:
    """A cell that a spreadsheet would run, or a name that our own reader does not give back."""
    content = path.read_bytes().decode()
    for cells in csv.reader(io.StringIO(content, newline="")):
        for cell in cells:
            if cell[:1] in tuple("=+-@\t\r\n＝＋－＠") and cell and not tables.NUMBER.fullmatch(cell):
                yield f"{path.name}: {cell!a}"
    rows, columns = tables.from_csv(content)
    if not {Path(row["path"]).name for row in rows} <= {*stage.films, *(Path(name).name for name in stage.films)}:
        yield f"{path.name} names other films than there are"
    if path.name == "predictions.csv" and not {f"p_{name}" for name in stage.classes} <= set(columns):
        yield f"{path.name} names other classes than there are"


def markdown(path: Path) -> Iterator[str]:
    """What becomes more than words and tables."""
    text = path.read_text(encoding="utf-8")
    yield from hidden(path.name, text)
    page = MarkdownIt("commonmark").enable("table").render(text)
    for tag in ("<a ", "<img", "<script", "<svg", "<iframe"):
        if tag in page:
            yield f"{path.name}: {page[page.index(tag) :][:100]}"


def opened(browser: Browser, path: Path) -> Iterator[str]:
    """What a page does as a file in a browser."""
    with visiting(browser) as visit:
        visit.page.goto(path.as_uri())
        yield from ran(path.name, visit.page.evaluate(RAN))


def page(stage: Round, commands: Commands, browser: Browser) -> Iterator[str]:
    """What the server's page does with such a model and such films, and what it gives away as a table."""
    with serving(commands, "serve", stage.run / "model.onnx") as announced, visiting(browser) as visit:
        address = announced["address"]
        visit.open(address)
        visit.answer({path.name: path.read_bytes() for path in (stage.folder / "films").iterdir()})
        visit.select(0)
        yield from ran("the page", visit.page.evaluate(RAN))
        rows = csv.reader(io.StringIO(visit.download("#export").decode("utf-8-sig"), newline=""))
        for cell in (cell for row in rows for cell in row):
            if cell[:1] in tuple("=+-@\t\r\n＝＋－＠") and cell and not tables.NUMBER.fullmatch(cell):
                yield f"the page's table: {cell!a}"
        answer = httpx.post(
            f"{address}/v1/predictions?override=true&map=png",
            content=next((stage.folder / "films").iterdir()).read_bytes(),
        )
        yield from hidden("an answer over HTTP", answer.text)
        yield from hidden("the headers of an answer", "".join(map("".join, answer.headers.items())))


RAN = """() => ({
    title: document.title, pwned: window.pwned ?? null,
    marks: [...document.querySelectorAll('[onerror], [onload], iframe, object, embed, a[href^=javascript]')].map(one => one.outerHTML),
    text: document.body.innerText,
})"""


def ran(where: str, state: dict) -> Iterator[str]:
    """What shows that something ran, or could."""
    if state["title"] == "pwned" or state["pwned"] is not None or state["marks"]:
        yield f"{where}: {state['title']!a}, {state['pwned']}, {state['marks'][:2]}"
    turned = {"\u202e", "\u2066", "\u2028"} & set(state["text"])
    if turned:
        yield f"{where} shows {sorted(turned)!a}"
