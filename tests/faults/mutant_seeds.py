"""What mutants are made of, but for films: tables, scores, recipes and cards, of classes and of findings."""

import json
from collections.abc import Sequence
from pathlib import Path

import onnx
from hostile import CARD_KEY, Card

from faults.staged import of_findings
from plainfilm.config import RECIPES
from plainfilm.data.phantom import CLASSES, write_folder
from plainfilm.io.tables import to_csv
from plainfilm.serving.api.samples import PHANTOM_MODEL

FINDINGS = ("Effusion", "Mass", "Nodule")
RECIPE = """[task]
kind = "findings"
uncertain = "ignore"
blank = "absent"
[task.columns]
Mass = { uncertain = "present", blank = "ignore" }
Nodule = { uncertain = 0.5 }
"""
TOO_LARGE_A_NUMBER = b"[training]\nseed = " + b"9" * 5000 + b"\n"
TOO_DEEP_A_LIST = b"[training]\nsizes_px = " + b"[" * 5000 + b"\n"
COLUMNS = ("patient", "source", "quality", "view", "sex", "age", "split")
WHO = ("a,b", "good", "PA", "F", "44", "train")
OF_TASK = ("classes", "task", "calibration", "evaluation")  # the sections of a card that a task reads
CELLS = ("1", "0", "-1", "", "yes", "0.25", "False", "nan")
Rows = list[Sequence[object]]


def recipes() -> tuple[bytes, ...]:
    """Those of the package, one of findings that says what cells mean, two that are too much."""
    own = [path.read_bytes() for path in sorted(RECIPES.glob("*.toml"))]
    return (*own, RECIPE.encode(), TOO_LARGE_A_NUMBER, TOO_DEEP_A_LIST)


def cards() -> tuple[bytes, ...]:
    """The card of the packaged model, and that of the same as one of findings, which was tested."""
    classes, findings = map(_card, (PHANTOM_MODEL.read_bytes(), of_findings(FINDINGS)))
    tested = {"macro_auc": {"value": 0.7, "low": 0.6, "high": 0.8, "n": 75}, "macro_over": ["Effusion", "Mass"]}
    return json.dumps(classes).encode(), json.dumps(findings | {"evaluation": tested}).encode()


def _card(model: bytes) -> Card:
    entries = {entry.key: entry.value for entry in onnx.load_from_string(model).metadata_props}
    return dict(json.loads(entries[CARD_KEY]))


# --- a small data set ------------------------------------------------------------------------------------------------


def films(folder: Path) -> Path:
    """The folder of its films."""
    there = folder / "phantoms"
    if not there.exists():
        write_folder(there, seed=3, per_class=6, size=64, duplicates=1)
        for name, content in (tables(folder) | scores(folder)).items():
            (folder / f"{name}.csv").write_bytes(content)
        (folder / "findings.toml").write_text(RECIPE, encoding="utf-8")
    return there


def _paths(folder: Path) -> list[str]:
    there = films(folder)
    return sorted(path.relative_to(there).as_posix() for path in there.rglob("*.png"))


def tables(folder: Path) -> dict[str, bytes]:
    """Tables of the films: of classes, of findings in columns, of findings in lists."""
    paths = _paths(folder)
    who = [(f"p{number}", *WHO) for number in range(len(paths))]
    classes: Rows = [(path, path.split("/")[0], *row) for path, row in zip(paths, who, strict=True)]
    columns: Rows = [(path, *_cells(number), *who[number]) for number, path in enumerate(paths)]
    lists: Rows = [(path, _listed(number), *who[number]) for number, path in enumerate(paths)]
    return {
        "classes": _csv(("path", "label", *COLUMNS), classes),
        "findings": _csv(("path", *FINDINGS, "No Finding", *COLUMNS), columns),
        "lists": _csv(("Image Index", "Finding Labels", *COLUMNS), lists),
    }


def scores(folder: Path) -> dict[str, bytes]:
    """Tables of scores: of classes and of findings."""
    paths = _paths(folder)
    shares = [tuple(0.6 if number % 3 == k else 0.2 for k in range(3)) for number in range(len(paths))]
    rows: Rows = [(path, *values) for path, values in zip(paths, shares, strict=True)]
    return {
        "class-scores": _csv(("path", *(f"p_{name}" for name in CLASSES)), rows),
        "finding-scores": _csv(("path", *FINDINGS), rows),
    }


def _cells(number: int) -> tuple[str, ...]:
    """Cells of three findings, and of there being none: blank."""
    plain = [str(number >> finding & 1) for finding in range(2)]
    return *plain, CELLS[number % len(CELLS)], ""


def _listed(number: int) -> str:
    names = [name for finding, name in enumerate(FINDINGS) if number >> finding & 1]
    return "|".join(names) or "No Finding"


def _csv(head: Sequence[str], rows: Rows) -> bytes:
    return to_csv([head, *rows]).encode()
