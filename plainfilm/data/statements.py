"""What is said of a film's findings, as one text: `Effusion=1|Mass=0|Edema=-1|Nodule=`.

1 is present, 0 absent, -1 uncertain, a number between 0 and 1 the probability that it is present; nothing after the
sign is blank: the table has a place for it and says nothing. A finding that is not named was never asked for.

What uncertain and blank mean for a training is no fact of a film: `Rules` say it, and have no default.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

PRESENT, ABSENT, UNCERTAIN, BLANK = "1", "0", "-1", ""
MEANINGS = {"ignore": math.nan, "absent": 0.0, "present": 1.0}
Targets = NDArray[np.float32]


@dataclass(frozen=True)
class Meaning:
    """What uncertain and blank cells of a finding mean: `ignore`, `absent`, `present`, or a probability."""

    uncertain: str | float
    blank: str | float


@dataclass(frozen=True)
class Rules:
    """What uncertain and blank cells mean; `columns`: of findings for which it is another thing."""

    every: Meaning
    columns: Mapping[str, Meaning] = field(default_factory=dict)

    def of(self, name: str) -> Meaning:
        """For one finding."""
        return self.columns.get(name, self.every)


def joined(stated: Mapping[str, str]) -> str:
    """The text of some statements, by finding.

    >>> joined({"Effusion": "1", "Mass": "0", "Nodule": ""})
    'Effusion=1|Mass=0|Nodule='
    """
    return "|".join(f"{name}={value}" for name, value in stated.items())


def parted(label: str) -> dict[str, str]:
    """The statements of a text, by finding; undoes `joined`.

    >>> parted("Effusion=1|Mass=0|Nodule=")
    {'Effusion': '1', 'Mass': '0', 'Nodule': ''}
    """
    return dict(_parts(entry) for entry in label.split("|")) if label else {}


def _parts(entry: str) -> tuple[str, str]:
    name, _, value = entry.rpartition("=")
    return name, value


def names_in(labels: Iterable[str]) -> tuple[str, ...]:
    """The findings that any of the labels names, sorted.

    >>> names_in(["Mass=1", "Effusion=0|Mass="])
    ('Effusion', 'Mass')
    """
    return tuple(sorted({name for label in set(labels) for name in parted(label)}))


def targets_of(labels: Sequence[str], names: Sequence[str], rules: Rules) -> Targets:
    """What a network is to learn: (N, K), the probability that a finding is present, NaN where nobody says.

    >>> rules = Rules(Meaning(uncertain=0.5, blank="absent"))
    >>> targets_of(["Mass=1|Edema=-1", "Mass="], ["Edema", "Mass"], rules).tolist()
    [[0.5, 1.0], [nan, 0.0]]
    """
    number_of = {name: number for number, name in enumerate(names)}
    found = np.full((len(labels), len(names)), np.nan, np.float32)
    rows: dict[str, list[int]] = {}
    for row, label in enumerate(labels):
        rows.setdefault(label, []).append(row)
    for label, places in rows.items():
        for name, value in parted(label).items():
            if name in number_of:
                found[places, number_of[name]] = _target(value, rules.of(name))
    return found


def _target(value: str, meaning: Meaning) -> float:
    if value in (UNCERTAIN, BLANK):
        meant = meaning.uncertain if value == UNCERTAIN else meaning.blank
        return MEANINGS[meant] if isinstance(meant, str) else meant
    return float(value)
