"""Answers about findings that were written down: two models on the same films, and all folds together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from plainfilm import records
from plainfilm.errors import SourceError
from plainfilm.estimate import Estimate
from plainfilm.evaluation.findings_metrics import FindingFigures, FindingsComparison, compare_findings, measure_findings
from plainfilm.evaluation.known import Targets
from plainfilm.evaluation.measured import Confusion, Measured
from plainfilm.evaluation.metrics import Floats
from plainfilm.evaluation.spread import Judged
from plainfilm.model.card import OwnFigures

FIGURES = ("auc", "average_precision", "brier")


@dataclass(frozen=True)
class FindingsPredictions:
    """A `predictions.csv` of findings: ids and groups (N,), names (K,), targets and probabilities (N, K)."""

    image_ids: tuple[str, ...]
    groups: tuple[str, ...]
    names: tuple[str, ...]
    targets: Targets
    probabilities: Floats

    def take(self, rows: Sequence[int], names: Sequence[str]) -> "FindingsPredictions":
        """Some of the films and findings."""
        columns = [self.names.index(name) for name in names]
        ids, groups = ([values[row] for row in rows] for values in (self.image_ids, self.groups))
        targets, probabilities = self.targets[[*rows]][:, columns], self.probabilities[[*rows]][:, columns]
        return FindingsPredictions(tuple(ids), tuple(groups), tuple(names), targets, probabilities)


@dataclass(frozen=True)
class FindingsCompared:
    """Two models on the films that both were asked about, over the findings that both know."""

    films: int
    groups: int
    left_out: Mapping[str, int]  # "first", "second": films that only this model was asked about
    compared: FindingsComparison


def compare_tables(first: FindingsPredictions, second: FindingsPredictions) -> FindingsCompared:
    """Compare two models; groups and targets are those of the first one's table.

    Raises SourceError: no finding or no film in common, a film with two labels.
    """
    names = [name for name in first.names if name in second.names]
    if not names:
        raise SourceError("compare-classes", first=", ".join(first.names), second=", ".join(second.names))
    row_of = [{name: row for row, name in reversed([*enumerate(table.image_ids)])} for table in (first, second)]
    common = [name for name in row_of[0] if name in row_of[1]]
    if not common:
        raise SourceError("compare-no-films", first=len(first.image_ids), second=len(second.image_ids))
    one, two = (
        table.take([row[name] for name in common], names) for table, row in zip((first, second), row_of, strict=True)
    )
    known = np.isfinite(one.targets) & np.isfinite(two.targets)
    differ = np.flatnonzero(((one.targets != two.targets) & known).any(axis=1))
    if len(differ):
        raise SourceError("compare-labels", films=len(differ), example=common[differ[0]])
    found = compare_findings(one.probabilities, two.probabilities, one.targets, one.groups, names)
    left_out = {"first": len(first.image_ids) - len(common), "second": len(second.image_ids) - len(common)}
    return FindingsCompared(len(common), len(set(one.groups)), left_out, found)


@dataclass(frozen=True)
class _Findings:
    """What is compared over runs of the sections of an evaluation."""

    findings: Mapping[str, FindingFigures]


def judged_findings(tested: OwnFigures) -> Judged:
    """The figures of a run's own test that are compared over runs."""
    found = records.from_dict(_Findings, tested.others).findings
    classes = {name: _figures(entry) for name, entry in found.items()}
    return Judged(overall=tested.overall, classes=classes)


def pooled_findings(tables: Sequence[FindingsPredictions]) -> Measured:
    """The figures of the films of several tables together."""
    probabilities = np.concatenate([table.probabilities for table in tables])
    targets = np.concatenate([table.targets for table in tables])
    groups = [group for table in tables for group in table.groups]
    found = measure_findings(probabilities, None, targets, groups, tables[0].names, None)
    return Measured(
        overall={f"macro_{name}": estimate for name, estimate in found.macro.items()},
        classes={name: _figures(entry) for name, entry in found.findings.items()},
        confusion=Confusion((), ()),
        interval=found.interval,
    )


def _figures(entry: FindingFigures) -> dict[str, Estimate]:
    return {name: getattr(entry, name) for name in FIGURES}
