"""The content of audit.json: what leaks in a data set, and what tells its classes apart without the lungs."""

from dataclasses import dataclass, field

from plainfilm import records
from plainfilm.audits.finding_probes import FindingsAudit
from plainfilm.audits.leaks import Leaks
from plainfilm.audits.shortcuts import Shortcuts


@dataclass(frozen=True)
class Audit:
    """An audit; None for what an older file lacks."""

    format_version: int
    films: int
    classes: tuple[str, ...]
    sources: tuple[str, ...]
    data_checksum: str | None
    split_checksum: str | None
    model: str | None  # weights_sha256; None: without a model
    leaks: Leaks | None
    shortcuts: Shortcuts | None  # of classes
    findings: FindingsAudit | None = field(default=None, metadata=records.ABSENT)  # the same by finding
