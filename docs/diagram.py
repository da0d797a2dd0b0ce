"""The diagram of rooms in docs/architecture.md, made of what the files import.

    python docs/diagram.py            # print it
    python docs/diagram.py --write    # put it between the marks in docs/architecture.md

A room is a package or module directly below `plainfilm`. An arrow means "imports". An arrow that others imply is left
out: if `serving` imports `present` and `present` imports `io`, no arrow says that `serving` imports `io`.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path.append(str(DOCS.parent / "tests"))

from source_files import FILES, own_imports, room  # noqa: E402

DOCUMENT = DOCS / "architecture.md"
MARKS = ("<!-- diagram: docs/diagram.py --write -->", "<!-- end of diagram -->")
NO_ROOMS = {"__init__", "__main__"}

Edges = Mapping[str, set[str]]


def main() -> None:
    """Print the diagram, or write it into the document."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put it into docs/architecture.md")
    drawn = diagram(imported_rooms())
    if parser.parse_args().write:
        DOCUMENT.write_text(with_diagram(DOCUMENT.read_text(encoding="utf-8"), drawn), encoding="utf-8")
    else:
        print(drawn)


def imported_rooms() -> dict[str, set[str]]:
    """The rooms that each room imports."""
    found: dict[str, set[str]] = {room(file): set() for file in FILES if room(file) not in NO_ROOMS}
    for file in FILES:
        if room(file) in found:
            found[room(file)] |= {room(other) for other in own_imports(file)} & found.keys() - {room(file)}
    return found


def reduced(edges: Edges) -> dict[str, set[str]]:
    """The edges of a graph without cycles, less those that a longer way implies.

    >>> reduced({"a": {"b", "c"}, "b": {"c"}, "c": set()})
    {'c': set(), 'b': {'c'}, 'a': {'b'}}
    """
    below: dict[str, set[str]] = {}  # all that can be reached
    kept = {}
    for name in TopologicalSorter(edges).static_order():
        implied = {further for other in edges[name] for further in below[other]}
        kept[name] = edges[name] - implied
        below[name] = edges[name] | implied
    return kept


def diagram(edges: Edges) -> str:
    """The graph as Mermaid text in a fence; a package has a slash after its name."""
    packages = {room(file) for file in FILES if "/" in file}
    return "\n".join(["```mermaid", "flowchart TD", *_lines(reduced(edges), packages), "```"])


def _lines(edges: Edges, packages: set[str]) -> Iterator[str]:
    for name in sorted(edges):
        yield f'    {name}["{name}/"]' if name in packages else f'    {name}(["{name}.py"])'
    for name in sorted(edges):
        yield from (f"    {name} --> {other}" for other in sorted(edges[name]))


def with_diagram(text: str, drawn: str) -> str:
    """The document's text with this diagram between its marks."""
    before, _, rest = text.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f"{before}{MARKS[0]}\n{drawn}\n{MARKS[1]}{after}"


if __name__ == "__main__":
    main()
