"""The table of coverages: a few cells simulated again, every cell of the JSON in the documents, figures looked up."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from plainfilm.estimate import Estimate
from plainfilm.evaluation import coverage, registry
from plainfilm.evaluation.coverage import LOWEST, TABLE, Cell, cells, mark_missed, missed
from plainfilm.evaluation.measured import estimate_all
from plainfilm.records import as_dict

ROOT = Path(__file__).parents[2]
KINDS = {figure.coverage_kind for figure in registry.FIGURES}


@pytest.fixture(scope="module")
def benchmark():
    """The script that makes the table."""
    spec = importlib.util.spec_from_file_location("coverage_benchmark", ROOT / "benchmarks" / "coverage.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def planted(monkeypatch):
    """A table in which shares near 0.99 with few groups miss."""
    table = (
        *(Cell("share", (groups,), 1, value, 0.95) for groups in (20, 200) for value in (0.5, 0.9)),
        Cell("share", (20,), 1, 0.99, 0.91),
        Cell("share", (200,), 1, 0.99, 0.95),
        *(Cell(kind, (20,), 1, 0.5, 0.95) for kind in KINDS - {"share", "auc"}),
        Cell("auc", (20, 180), 1, 0.9, 0.8),
        Cell("auc", (60, 60), 1, 0.9, 0.95),
    )
    monkeypatch.setattr(coverage, "cells", lambda: table)


def test_cells_simulated_again_are_as_stored(benchmark):
    """Fewer test sets; the exact cells exactly."""
    stored = {(cell.kind, cell.groups, cell.cluster, cell.value): cell.coverage for cell in cells()}
    for groups in (10, 120, 1000):
        for value in benchmark.SHARES:
            cell = benchmark.exact_share(groups, value)
            assert cell.coverage == pytest.approx(stored["share", (groups,), 1, value], abs=1e-4)
            assert cell.coverage >= 0.924
    again = [
        benchmark.share(60, 3, 0.98, 500),
        benchmark.auc((60, 60), 1, 0.99, 400),
        benchmark.auc((20, 20), 3, 0.9, 400),
        benchmark.auc((60, 60), 1, 0.999, 400),
    ]
    for cell in again:
        known = stored[cell.kind, cell.groups, cell.cluster, cell.value]
        error = 4 * np.sqrt(known * (1 - known) * (1 / 400)) + 0.01
        assert cell.coverage == pytest.approx(known, abs=error)
        assert cell.coverage > LOWEST - 0.02


def test_most_cells_hold_what_they_promise():
    misses = [cell for cell in cells() if cell.coverage < LOWEST]
    assert len(misses) < 0.1 * len(cells())
    assert min(cell.coverage for cell in cells()) > 0.85
    assert {cell.kind for cell in cells()} >= KINDS


@pytest.mark.parametrize("name", ["intervals.md", "intervals.zh.md"])
def test_the_documents_hold_the_same_table(benchmark, name):
    text, stored = (ROOT / "docs" / name).read_text(encoding="utf-8"), json.loads(TABLE.read_text(encoding="utf-8"))
    table = benchmark.table(cells(), stored["sets"], stored["date"], "zh" if ".zh" in name else "en")
    assert f"{benchmark.MARKS[0]}\n{table}\n{benchmark.MARKS[1]}" in text


def test_a_figure_is_looked_up_by_groups_and_by_what_its_interval_holds(planted):
    assert missed("share", Estimate(0.99, 0.9, 1.0, 30), [30], 1) == 0.91
    assert missed("share", Estimate(0.9, 0.8, 0.995, 30), [30], 1) == 0.91  # the truth may be 0.99
    assert missed("share", Estimate(0.5, 0.3, 0.7, 30), [30], 1) is None
    assert missed("share", Estimate(0.99, 0.95, 1.0, 300), [300], 1) is None
    assert missed("share", Estimate(1.0, 0.995, 1.0, 30), [30], 1) == 0.91  # nearest, though the interval holds none
    assert missed("auc", Estimate(0.9, 0.8, 0.95, 190), [170, 20], 1) == 0.8
    assert missed("auc", Estimate(0.9, 0.8, 0.95, 120), [50, 70], 1) is None
    assert missed("share", Estimate(np.nan, np.nan, np.nan, 0), [0], 1) is None


def test_marks_stand_where_an_interval_misses_and_nowhere_else(planted):
    labels = np.arange(40) % 2
    probabilities = np.where(labels[:, None] == np.arange(2), 0.9, 0.1)
    probabilities[0] = [0.4, 0.6]
    measured = estimate_all(probabilities, labels, [str(i) for i in range(40)], ("a", "b"))
    before, figures = as_dict(measured), as_dict(mark_missed(measured, labels, [str(i) for i in range(40)]))
    assert figures["accuracy"]["coverage"] == 0.91
    assert figures["classes"]["b"]["sensitivity"]["coverage"] == 0.91
    assert "coverage" not in figures["macro_auc"]
    for name, value in before["accuracy"].items():
        assert figures["accuracy"][name] == value
