"""What is wrong with an install and its machine.

Every library is looked for before it is imported: a doctor that needs what is missing helps nobody.
"""

import importlib.metadata
import importlib.util
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from plainfilm.errors import ModelFileError, OutputError
from plainfilm.io import files
from plainfilm.io.machine import num_threads
from plainfilm.present.findings import Finding, note, of_error, ok, problem

MIN_PYTHON = (3, 11)
IMPORT_NAMES = {"pillow": "PIL", "python-gdcm": "gdcm"}  # if a package is not imported by its own name
OWN_EXTRAS = ("all", "dev")  # made of the others, or for developers
REQUIREMENT = re.compile(r"([A-Za-z0-9._-]+)[^;]*(?:;.*extra == ['\"]([a-z]+)['\"])?")
FEATURES = ("amx_bf16", "amx_fp16", "amx_int8", "avx512_bf16", "avx512_vnni", "avx_vnni", "avx512f", "avx2")
LITTLE_MEMORY_BYTES, MIN_MEMORY_BYTES = 2 * 2**30, 2**29  # a training of the recipe fast; one answer
LITTLE_DISK_BYTES, MIN_DISK_BYTES = 2 * 2**30, 2**28  # a run with its pixel store; a model file with its figures


def look_at_install(folder: Path) -> Iterator[Finding]:
    """What is found about the install and the machine, working in `folder`."""
    version = platform.python_version()
    if sys.version_info < MIN_PYTHON:
        yield problem("doctor.python-old", version=version, minimum=".".join(map(str, MIN_PYTHON)))
    else:
        yield ok("doctor.python", version=version, system=sys.platform, machine=platform.machine())
    yield from _libraries()
    yield from _runtime()
    yield from _processor()
    yield from _room("memory", available_memory_bytes(), LITTLE_MEMORY_BYTES, MIN_MEMORY_BYTES)
    yield from _room("disk", shutil.disk_usage(folder).free, LITTLE_DISK_BYTES, MIN_DISK_BYTES)
    yield from _folders()
    if _is_there("matplotlib"):
        from plainfilm.present.figures import has_chinese_font

        yield ok("doctor.font") if has_chinese_font() else note("doctor.no-font")


# --- libraries -------------------------------------------------------------------------------------------------------


def requirements() -> dict[str, list[str]]:
    """The packages that each extra of this install wants; under "" those of the core."""
    wanted: dict[str, list[str]] = {}
    for line in importlib.metadata.requires("plainfilm") or ():
        match = REQUIREMENT.match(line)
        if match and match[1] != "plainfilm":
            wanted.setdefault(match[2] or "", []).append(match[1])
    return {extra: names for extra, names in wanted.items() if extra not in OWN_EXTRAS}


def _is_there(package: str) -> bool:
    """Whether a package can be imported, by its import name or that of its distribution."""
    name = IMPORT_NAMES.get(package.lower(), package.replace("-", "_"))
    if name in sys.modules:
        return sys.modules[name] is not None
    return importlib.util.find_spec(name) is not None


def _libraries() -> Iterator[Finding]:
    for extra, names in requirements().items():
        missing = [name for name in names if not _is_there(name)]
        if not missing:
            shown = ", ".join(f"{name} {_version(name)}" for name in names)
            yield ok("doctor.extra", extra=extra, packages=shown) if extra else ok("doctor.core", packages=shown)
        elif extra:
            yield note("doctor.extra-missing", extra=extra, packages=", ".join(missing))
        else:
            yield problem("doctor.core-missing", packages=", ".join(missing))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "?"


def _runtime() -> Iterator[Finding]:
    """Whether ONNX Runtime answers; it may be installed and still not load, for want of a system library."""
    try:
        from plainfilm.model.runtime import try_runtime

        try_runtime()
    except ImportError as error:
        yield problem("doctor.runtime-import", reason=str(error).splitlines()[0])
    except ModelFileError as error:
        yield of_error(error)
    else:
        yield ok("doctor.runtime")


# --- the machine -----------------------------------------------------------------------------------------------------


def _processor() -> Iterator[Finding]:
    features = ", ".join(name for name in FEATURES if name in processor_flags()) or "-"
    yield ok("doctor.processor", cores=num_threads(), present=os.cpu_count() or 1, features=features)
    quota = cores_of_cgroup()
    if quota is not None and quota < num_threads():
        yield note("doctor.quota", cores=num_threads(), quota=quota)
    if _is_there("torch"):
        from plainfilm.training.hardware import find_device, resolve_precision

        device = find_device()
        yield ok("doctor.precision", precision=resolve_precision("auto", device), device=device.type)


def processor_flags() -> frozenset[str]:
    """The features that Linux lists for the first processor; none on other systems."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return frozenset()
    match = re.search(r"^(?:flags|Features)\s*:(.*)$", text, re.MULTILINE)
    return frozenset(match[1].split()) if match else frozenset()


def cores_of_cgroup(root: Path = Path("/sys/fs/cgroup")) -> float | None:
    """Cores that a container may use (cgroup 2 or 1), None if nothing says."""
    try:
        if (root / "cpu.max").is_file():
            quota, period = (root / "cpu.max").read_text().split()
        else:
            quota, period = ((root / "cpu" / f"cpu.cfs_{name}_us").read_text() for name in ("quota", "period"))
        return float(quota) / float(period) if float(quota) > 0 else None
    except (OSError, ValueError):  # "max": as many as there are
        return None


def available_memory_bytes(meminfo: Path = Path("/proc/meminfo"), root: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Memory that is free or can be freed, within the container's limit; None if nothing says."""
    try:
        match = re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(), re.MULTILINE)
    except OSError:
        return None
    available = int(match[1]) * 1024 if match else None
    try:
        limit, used = (int((root / f"memory.{name}").read_text()) for name in ("max", "current"))
    except (OSError, ValueError):
        return available
    return limit - used if available is None else min(available, limit - used)


def _room(what: str, free_bytes: int | None, little_bytes: int, minimum_bytes: int) -> Iterator[Finding]:
    """Whether there is enough of memory or disk; nothing if that is not known."""
    if free_bytes is None:
        return
    shown: Mapping[str, float] = {"free": free_bytes / 2**30, "wanted": little_bytes / 2**30}
    if free_bytes < minimum_bytes:
        yield Finding("problem", f"doctor.{what}-little", shown)
    elif free_bytes < little_bytes:
        yield Finding("note", f"doctor.{what}-little", shown)
    else:
        yield Finding("ok", f"doctor.{what}", {"free": shown["free"]})


def _folders() -> Iterator[Finding]:
    """Whether temporary folder and home can be written: the pixel store and libraries' caches go there."""
    for code, folder in (("temporary", tempfile.gettempdir), ("home", Path.home)):
        try:
            path = Path(folder())
            if not path.is_dir():
                raise FileNotFoundError(path)
            files.writable_folder(path)
        except (OSError, RuntimeError, OutputError):  # no folder at all; no home
            yield problem(f"doctor.{code}-unwritable")
        else:
            yield ok(f"doctor.{code}", path=str(path))
