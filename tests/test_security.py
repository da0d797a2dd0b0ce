"""What is installed and what is written: floors of versions, licences, and no way for data to become code."""

import ast
import importlib.metadata
import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import plainfilm

ROOT = Path(plainfilm.__file__).parents[1]
FILES = sorted(Path(plainfilm.__file__).parent.rglob("*.py"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
REQUIRED = [
    Requirement(text)
    for text in (*PROJECT["dependencies"], *(line for name, lines in EXTRAS.items() if name != "dev" for line in lines))
    if not text.startswith("plainfilm[")
]
FLOORS = {"torch": "2.10", "pillow": "12.3", "starlette": "1.3.1", "python-multipart": "0.0.32"}
"""Below these are known ways in: torch.load, decoders of pictures, hosts and forms of requests."""


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def floor(requirement: Requirement) -> Version | None:
    lower = [Version(part.version) for part in requirement.specifier if part.operator in (">=", "==", "~=")]
    return max(lower, default=None)


# --- dependencies ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("requirement", REQUIRED, ids=str)
def test_every_dependency_has_a_floor_and_is_pinned_above_it(requirement: Requirement) -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = dict(line.split("==") for line in lines if "==" in line)
    pinned = {canonical(name): Version(version) for name, version in pins.items()}
    least = floor(requirement)
    assert least is not None, f"{requirement} has no floor"
    assert canonical(requirement.name) in pinned, f"{requirement} is not in constraints.txt"
    assert pinned[canonical(requirement.name)] >= least


@pytest.mark.parametrize(("name", "least"), FLOORS.items())
def test_no_version_with_a_known_way_in_is_allowed(name: str, least: str) -> None:
    found = [floor(requirement) for requirement in REQUIRED if canonical(requirement.name) == name]
    assert found, name
    assert all(version is not None and version >= Version(least) for version in found)


# --- licences --------------------------------------------------------------------------------------------------------

PERMISSIVE = re.compile(
    r"MIT|BSD|Apache|ISC|PSF|Python Software Foundation|HPND|CNRI|Zlib|0BSD|Unlicense|Public Domain|matplotlib", re.I
)
COPYLEFT = re.compile(r"(?<!\w)(A|L)?GPL|GNU|CC-BY-NC|proprietary", re.I)
NAMED = {  # whose licence is none of the above, or not told in a way that a program reads
    "certifi": "MPL-2.0: a list of certificates, which comes with requests",
    "tqdm": "MPL-2.0 AND MIT: the bars of onnxscript's libraries",
}


def closure() -> list[str]:
    """The names of everything that `plainfilm[all]` installs here."""
    waiting, found = [(canonical(requirement.name), frozenset(requirement.extras)) for requirement in REQUIRED], set()
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            lines = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:  # of another system
            continue
        found.add(name)
        for requirement in map(Requirement, lines):
            places = [{"extra": extra} for extra in ("", *extras)]
            if requirement.marker is None or any(requirement.marker.evaluate(place) for place in places):
                waiting.append((canonical(requirement.name), frozenset(requirement.extras)))
    return sorted(found)


@pytest.mark.parametrize("name", closure())
def test_what_is_installed_is_licensed_permissively(name: str) -> None:
    about = importlib.metadata.metadata(name)
    told = [about.get("License-Expression") or ""]
    told += [line for line in about.get_all("Classifier") or [] if line.startswith("License ::")]
    if not any(told):
        told = [(about.get("License") or "").partition("\n")[0]]
    licence = "; ".join(filter(None, told))
    if name not in NAMED:
        assert PERMISSIVE.search(licence), f"{name}: {licence or 'no licence is told'}"
        assert not COPYLEFT.search(licence), f"{name}: {licence}"


# --- no data becomes code --------------------------------------------------------------------------------------------

FORBIDDEN = {"eval", "exec", "compile", "__import__", "extract", "extractall", "unpack_archive", "system", "popen"}
MODULES = {"pickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "yaml", "code"}
LOCAL = {"system", "popen", "extract"}  # which are no builtins: without their module, a name of ours
OWNERS = {"re": {"compile"}}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_file_turns_data_into_code_or_into_files(path: Path) -> None:
    """Not even as a name that is handed on. There is no reader of pickles to derive from: `model/formats/pickled.py` reads the
    opcodes itself, so that even the module is imported nowhere; `test_architecture.py` has the calls."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            assert not {name.partition(".")[0] for name in names} & MODULES, where
            assert not {name for name in names if name in FORBIDDEN}, where
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            assert node.id not in FORBIDDEN - LOCAL, where
        elif isinstance(node, ast.Attribute) and node.attr in FORBIDDEN - {"eval"}:
            assert node.attr in OWNERS.get(ast.unparse(node.value), ()), where
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            call = ast.unparse(node.func)
            given = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            if call in ("np.load", "numpy.load"):
                assert given.get("allow_pickle") == "False", f"{where}: {call} without allow_pickle=False"
            assert call not in ("torch.load", "torch.jit.load", "torch.hub.load"), where
            assert not call.startswith("subprocess.") or given.get("shell", "False") == "False", where
