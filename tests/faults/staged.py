"""Data sets, models and runs in which every name that others give is a payload; of classes, and of findings.

What carries the names of findings is another thing: headings of columns, words of lists, headings of scores.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import onnx
from hostile import DECISION, Card, with_card

from faults.planted import encoded
from plainfilm.data import phantom
from plainfilm.io import tables
from plainfilm.serving.api.samples import PHANTOM_MODEL
from plainfilm.task import CLASSES

FINDINGS = "findings"
TASKS = (CLASSES, FINDINGS)
NUM_NAMES = 3  # of the packaged model
NUM_FILMS = {CLASSES: 12, FINDINGS: 22}  # of findings as many as figures take
WORD_LETTERS = 60
OTHERS = 5  # payloads that name neither
SPLIT = "[split]\nvalidation = 0\ntest = 0.3\n[training]\nsizes_px = [160]\n"
REPORT = "[report]\ntitle = {}\nauthors = {}\n"
TASK = '[task]\nkind = "findings"\nblank = "absent"\nuncertain = "ignore"\n'
NAMES = '[task.columns]\n{} = {{ uncertain = "present" }}\n[data]\nclasses = {}\n'
TOO_FEW = {"temperature": None, "shift": None, "positives": 4, "present": None}
Rows = list[Sequence[object]]


# --- models ----------------------------------------------------------------------------------------------------------


def renamed(card: Card, names: Sequence[str]) -> None:
    """Give a card other names, and take away what is said of the old ones."""
    card["classes"] = [{"name": name, "names": {"en": name, "zh": name}} for name in names]
    card |= dict.fromkeys(("calibration", "maps", "evaluation"))


def of_classes(names: Sequence[str]) -> bytes:
    """The packaged model with other names."""
    return with_card(lambda card: renamed(card, names))(onnx.load(PHANTOM_MODEL))


def of_findings(names: Sequence[str]) -> bytes:
    """The packaged model, its logits taken for those of findings; the last of them is one of too few films."""

    def change(card: Card) -> None:
        renamed(card, names)
        decisions = [DECISION, DECISION | {"present": 0.7, "absent": 0.3}, DECISION | TOO_FEW]
        card["task"] = {"kind": FINDINGS, "uncertain": "ignore", "blank": "absent", "columns": None}
        card["calibration"] = {"coverage": 0.95, "findings": decisions, "from": "out-of-fold"}
        card |= dict.fromkeys(("shift", "confidence"))

    return with_card(change)(onnx.load(PHANTOM_MODEL))


# --- the whole -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """Films with their table, a table of scores, a run with a recipe and a model; `others`: payloads of no film."""

    folder: Path
    task: str
    names: tuple[str, ...]  # of classes or findings
    films: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def run(self) -> Path:
        """The folder of the run."""
        return self.folder / "run"

    def calls(self) -> dict[str, tuple[object, ...]]:
        """Commands that name what the stage has, by the name of the call."""
        at, run, films, model = self.folder, self.run, self.folder / "films", self.run / "model.onnx"
        table, recipe = ("--table", at / "table.csv"), ("--recipe", run / "recipe.toml")
        of_lists = ("--table", at / "lists.csv", "--recipe", at / "lists.toml")
        audited = (run,) if self.task == CLASSES else (films, *table, *recipe, "--out", run / "audit")
        return {
            "index": ("index", films, *table, *recipe, "--out", run),
            "evaluate": ("evaluate", model, films, *table, "--out", at / "tested"),
            "scores": ("evaluate", at / "scores.csv", *table, *recipe, "--out", run / "scored"),
            "audit": ("audit", *audited),
            "report": ("report", run),
            "compare": ("compare", *[run / "evaluation" / "predictions.csv"] * 2),
            "doctor": ("doctor", films, model, *table),
            "predict": ("predict", model, films, *table, "--override", "--csv", run / "answers.csv"),
            "json": ("predict", model, films, *table, "--override", "--json"),
        } | ({} if self.task == CLASSES else {"lists": ("index", films, *of_lists, "--out", at / "lists")})

    def refused_calls(self) -> dict[str, tuple[object, ...]]:
        """Commands that refuse what is wrong in a table, and say what that is."""
        at, recipe = self.folder, ("--recipe", self.run / "recipe.toml")
        return {
            "wrong-scores": ("evaluate", at / "wrong-scores.csv", "--table", at / "table.csv", *recipe),
            "other-scores": ("evaluate", at / "other-scores.csv", "--table", at / "table.csv", *recipe),
        } | {
            name: ("index", at / "films", "--table", at / f"{name}.csv", *recipe)
            for name in (() if self.task == CLASSES else ("wrong-cells", "wrong-lists", "contradicting"))
        }

    def has(self, finding: int, film: int) -> bool:
        """Whether a film has a finding."""
        return bool(film >> finding & 1)

    def listed(self, film: int) -> str:
        """A list of findings that nobody asked for; what is longer would be a report."""
        return f"{('Edema', 'Mass')[film % 2]}|{self.films[film].replace('|', '∣')[:WORD_LETTERS]}"


def staged(folder: Path, task: str, payloads: Sequence[str]) -> Stage:
    """All of it in a new folder: the first payloads name classes or findings, the next films, the last the rest."""
    (folder / "films").mkdir(parents=True)
    names, named = payloads[:NUM_NAMES], payloads[NUM_NAMES : NUM_NAMES + NUM_FILMS[task]]
    if task == FINDINGS:  # what is between findings is in the name of none
        names = [name.replace("|", "∣") for name in names]
    films = [f"{name.replace('/', '∕')}.png" for name in named]
    for number, name in enumerate(films):
        drawn = phantom.draw(phantom.CLASSES[number % NUM_NAMES], seed=5, number=number, size=96)
        (folder / "films" / name).write_bytes(encoded(drawn.pixels, "PNG"))
    films.append(f"copy of {films[-1]}")  # a pair to be shown
    (folder / "films" / films[-1]).write_bytes((folder / "films" / films[-2]).read_bytes())
    made = Stage(folder, task, tuple(names), tuple(films), tuple(payloads[-OTHERS:]))
    _write_run(made)
    _write_tables(made)
    _write_wrong_tables(made)
    return made


def _write_run(made: Stage) -> None:
    """A recipe and a model; for findings a recipe that asks for none, too."""
    made.run.mkdir()
    title, authors, *_ = made.others
    report = SPLIT + REPORT.format(_toml(title), _toml(authors))
    model, recipe = of_classes(made.names), report
    if made.task == FINDINGS:
        model, recipe = of_findings(made.names), report + TASK + NAMES.format(_toml(made.names[0]), _toml(made.names))
        (made.folder / "lists.toml").write_text(report + TASK, encoding="utf-8")
    (made.run / "recipe.toml").write_text(recipe, encoding="utf-8")
    (made.run / "model.onnx").write_bytes(model)


def _toml(value: object) -> str:
    return json.dumps(value).replace("\x7f", "\\u007f")


def _write_tables(made: Stage) -> None:
    """The table of the films, and that of scores; for findings one of lists, too."""
    *_, view, source, column = made.others
    films = range(len(made.films))
    says = [_said(made, min(film, len(made.films) - 2)) for film in films]  # copies say the same
    head = ["label"] if made.task == CLASSES else [*made.names, "label"]
    rows: Rows = [[made.films[film], *says[film], view, source, "x"] for film in films]
    _write_table(made.folder / "table.csv", [["path", *head, "view", "source", column], *rows])
    scores: Rows = [[made.films[film], *_scored(film), "x"] for film in films]
    _write_table(made.folder / "scores.csv", [["path", *(f"p_{name}" for name in made.names), column], *scores])
    lists: Rows = [[made.films[film], made.listed(film)] for film in films[:-1]]
    _write_table(made.folder / "lists.csv", [["path", "label"], *lists])


def _write_wrong_tables(made: Stage) -> None:
    """Tables that are refused for the sake of a cell or a heading."""
    film, scored, word = made.films[0], [f"p_{name}" for name in made.names], made.others[-1]
    _write_table(made.folder / "wrong-scores.csv", [["path", *scored], [film, word, 0.5, 0.5]])
    _write_table(made.folder / "other-scores.csv", [["path", word], [film, 0.5]])
    _write_table(made.folder / "wrong-cells.csv", [["path", *made.names], [film, word, 1, 0]])
    _write_table(made.folder / "wrong-lists.csv", [["path", "label"], [film, f"[{word}"]])
    _write_table(made.folder / "contradicting.csv", [["path", *made.names], [film, 1, 1, 0], [film, 0, 1, 0]])


def _said(made: Stage, film: int) -> list[object]:
    """What the table says of a film: its class, or a cell for each finding and a list."""
    if made.task == CLASSES:
        return [made.names[film % NUM_NAMES]]
    cells: list[object] = [int(made.has(finding, film)) for finding in range(NUM_NAMES)]
    return [*cells, made.listed(film)]


def _scored(film: int) -> list[float]:
    """Probabilities that sum to 1."""
    return [0.6 if film % NUM_NAMES == number else 0.2 for number in range(NUM_NAMES)]


def _write_table(path: Path, rows: Rows) -> None:
    path.write_text(tables.to_csv(rows), encoding="utf-8", newline="")
