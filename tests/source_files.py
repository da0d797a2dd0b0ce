"""The package's source files and what each imports, read without importing any."""

import ast
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1] / "plainfilm"
CELLS = "course/chapters/"  # sources of notebooks, which nothing imports
FILES = sorted(name for path in ROOT.rglob("*.py") if not (name := path.relative_to(ROOT).as_posix()).startswith(CELLS))


@cache
def tree(file: str) -> ast.Module:
    return ast.parse((ROOT / file).read_text(encoding="utf-8"))


def module_file(name: str) -> str | None:
    """`plainfilm.data.splits.split` -> `data/splits/split.py`; None where there is no such module."""
    path = name.removeprefix("plainfilm").strip(".").replace(".", "/")
    candidates = [f"{path}.py", f"{path}/__init__.py".lstrip("/")]
    return next((candidate for candidate in candidates if candidate in FILES), None)


def imports(file: str) -> set[str]:
    """The modules that a file imports, wherever in it; of `from package import name` the submodule, if it is one."""
    found: set[str] = set()
    for node in ast.walk(tree(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: a relative import"
            assert node.module is not None
            for alias in node.names:
                submodule = f"{node.module}.{alias.name}"
                found.add(submodule if module_file(submodule) else node.module)
    return found


def own_imports(file: str) -> set[str]:
    """The files of the package that a file imports."""
    own = [module for module in imports(file) if module.partition(".")[0] == "plainfilm"]
    files = {module: module_file(module) for module in own}
    assert None not in files.values(), f"{file} imports what is not there: {files}"
    return {name for name in files.values() if name is not None}


def room(file: str) -> str:
    """The module or package directly below plainfilm that a file is or lies in.

    >>> room("data/splits/split.py"), room("messages.py")
    ('data', 'messages')
    """
    return file.partition("/")[0].removesuffix(".py")
