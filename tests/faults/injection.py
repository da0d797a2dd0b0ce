"""Names that are programs: for a browser, a spreadsheet, a terminal, a renderer of Markdown, a drawer of formulas.

Files, classes, findings, columns, words of lists, a model's card and a recipe carry them; every place where a name is
shown shows it, and nothing runs. A trial is a payload at one of these places.
"""

import csv
import io
import json
import os
import shutil
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
from browser import launched, visiting
from dicom_files import written
from dicom_peers import film, overriding
from markdown_it import MarkdownIt
from playwright.sync_api import Browser
from pydicom import dcmread
from pydicom.datadict import dictionary_VM
from pydicom.multival import MultiValue
from pydicom.uid import ExplicitVRLittleEndian

from faults.loudly import Commands, serving
from faults.row import Outcome, row
from faults.staged import TASKS, Stage, staged
from plainfilm.config import Recipe, parse_recipe
from plainfilm.data.sources.names import tidy
from plainfilm.estimate import Estimate
from plainfilm.io import tables
from plainfilm.model.predictor import Predictor
from plainfilm.present.figures import draw_confusion, draw_roc_panels
from plainfilm.serving.dicom.filing import read_filing
from plainfilm.serving.dicom.secondary_capture import secondary_capture
from plainfilm.serving.dicom.structured_report import Author, structured_report
from plainfilm.task import CLASSES

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
NUM_SINKS = 20  # places that are looked at for each name
UNSAFE = tuple("=+-@\t\r\n＝＋－＠")  # beginnings of cells that a spreadsheet runs
PREDICTIONS = ("evaluation/predictions.csv", "scored/predictions.csv")
LIBRARIES = ("matplotlib.figure", "jinja2", "plainfilm.workflows.auditing", "plainfilm.serving.server")


@row(
    fault="HTML, CSV, terminal-escape, Markdown and formula injection through names of files, classes, findings, "
    "columns and patients",
    must_hold="escaped in page, report, tables, structured report and terminal",
    counted="executed",
    short=NUM_SINKS,
    long=7000,
)
def run(trials: int, folder: Path) -> Outcome:
    """As many rounds as it takes, each of classes and of findings; in each other payloads stand in other places."""
    done, failures = 0, list[str]()
    commands = Commands(folder, LIBRARIES)
    with launched() as browser:
        number = 0
        while done < trials:
            payloads = [PAYLOADS[(7 * number + place) % len(PAYLOADS)] for place in range(len(PAYLOADS))]
            for task in TASKS:
                stage = staged(folder / f"round-{number}" / task, task, payloads)
                failures += [f"round {number}, {task}: {failure}" for failure in look(stage, commands, browser)]
                done += NUM_SINKS * (len(stage.names) + len(stage.films))
            number += 1
    commands.close()
    return Outcome(done, tuple(failures))


# --- what is looked at -----------------------------------------------------------------------------------------------


def look(stage: Stage, commands: Commands, browser: Browser) -> Iterator[str]:
    """What does not hold."""
    run = stage.run
    for codes, calls in (((0, 1), stage.calls()), ((1, 2), stage.refused_calls())):
        for name, words in calls.items():
            code = commands.run(name, *words, "--lang", "en")
            err = commands.told(name, "err")
            if code not in codes or "Traceback" in err:
                yield f"{name} ended with {code}: {err[-600:]}"
            for stream in ("out", "err"):
                yield from hidden(f"{name}.{stream}", commands.told(name, stream))
            if name == "evaluate":  # which leaves a run's own test to its training
                shutil.copytree(stage.folder / "tested", run / "evaluation")
    yield from on_a_terminal(stage, commands)
    if len(json.loads(commands.told("json"))["predictions"]) != len(stage.films):
        yield "--json lacks films"
    for name in ("index.csv", *PREDICTIONS, "answers.csv", "audit/clusters.csv"):
        yield from spreadsheet(run / name, stage)
    for name in ("index.json", "evaluation/metrics.json", "scored/metrics.json", "audit/audit.json"):
        yield from hidden(name, (run / name).read_text(encoding="utf-8"))
    yield from markdown(run / "MODEL_CARD.md")
    for name in ("report.html", "scored/report.html", "audit/pairs.html"):
        yield from opened(browser, run / name)
    yield from page(stage, commands, browser)
    yield from filed(stage)
    draw(stage)
    title, authors, *_ = stage.others
    told = Recipe(report=type(Recipe().report)(title=title + "x", authors=authors + "x"))
    if parse_recipe(told.to_toml()) != told:
        yield "TOML gives another recipe back"


def draw(stage: Stage) -> None:
    """Draw figures with the names in them, which raises what their drawer cannot take."""
    if stage.task == CLASSES:
        draw_confusion(np.arange(9).reshape(3, 3), stage.names, stage.folder / "confusion.png", language="en")
        return
    targets = np.eye(3, dtype=np.float32)
    aucs = [Estimate(1.0, 0.5, 1.0, 3)] * 3
    draw_roc_panels(targets.astype(float), targets, stage.names, stage.folder / "roc.png", language="en", aucs=aucs)


def hidden(where: str, text: str) -> Iterator[str]:
    """A character that would drive a terminal, or turn the order of others round."""
    found = {character for character in text if unicodedata.category(character) in ("Cc", "Cf", "Zl", "Zp")}
    if found - {"\n"}:
        yield f"{where}: {sorted(found - {chr(10)})!a}"


def on_a_terminal(stage: Stage, commands: Commands) -> Iterator[str]:
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


def is_formula(cell: str) -> bool:
    """Whether a spreadsheet would run a cell."""
    return cell.startswith(UNSAFE) and not tables.NUMBER.fullmatch(cell)


def spreadsheet(path: Path, stage: Stage) -> Iterator[str]:
    """A cell that a spreadsheet would run, or a name that our own reader does not give back."""
    content = path.read_bytes().decode()
    for cells in csv.reader(io.StringIO(content, newline="")):
        for cell in cells:
            if is_formula(cell):
                yield f"{path.name}: {cell!a}"
    rows, columns = tables.from_csv(content)
    if not {Path(row["path"]).name for row in rows} <= {*stage.films, *(Path(name).name for name in stage.films)}:
        yield f"{path.name} names other films than there are"
    given = {tidy(name.removeprefix("p_")) for name in columns if name.startswith("p_")}
    if path.name == "predictions.csv" and given != set(map(tidy, stage.names)):
        yield f"{path.name} names {given!a}, not {stage.names!a}"


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


def page(stage: Stage, commands: Commands, browser: Browser) -> Iterator[str]:
    """What the server's page does with such a model and such films, and what it gives away as a table."""
    with serving(commands, "serve", stage.run / "model.onnx") as announced, visiting(browser) as visit:
        address = announced["address"]
        visit.open(address)
        visit.answer({path.name: path.read_bytes() for path in (stage.folder / "films").iterdir()})
        visit.select(0)
        yield from ran("the page", visit.page.evaluate(RAN))
        rows = csv.reader(io.StringIO(visit.download("#export").decode("utf-8-sig"), newline=""))
        for cell in (cell for row in rows for cell in row):
            if is_formula(cell):
                yield f"the page's table: {cell!a}"
        yield from sheet(browser, stage, visit.download("button:has-text('Report (HTML)')"))
        answer = httpx.post(
            f"{address}/v1/predictions?override=true&map=png",
            content=next((stage.folder / "films").iterdir()).read_bytes(),
        )
        yield from hidden("an answer over HTTP", answer.text)
        yield from hidden("the headers of an answer", "".join(map("".join, answer.headers.items())))


def sheet(browser: Browser, stage: Stage, page: bytes) -> Iterator[str]:
    """What the page's report on one film does."""
    path = stage.folder / "sheet.html"
    path.write_bytes(page)
    yield from opened(browser, path)


def filed(stage: Stage) -> Iterator[str]:
    """What a structured report and a secondary capture hold that is no plain text, or more than one."""
    predictor = Predictor(stage.run / "model.onnx", threads=1)
    author = Author(predictor.card, "0" * 12, "en", with_map=True)
    sent = written(film())
    filing, prediction = read_filing(sent[132:], ExplicitVRLittleEndian), overriding(predictor)(sent)
    for make in (structured_report, secondary_capture):
        made = dcmread(io.BytesIO(written(make(filing, prediction, author))))
        for element in (element for element in made.iterall() if isinstance(element.value, str | MultiValue)):
            yield from hidden(f"{make.__name__}, {element.keyword}", str(element.value))
            if element.VM > 1 and dictionary_VM(element.tag) == "1":
                yield f"{make.__name__}: {element.keyword} has several values: {element.value!a}"


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
