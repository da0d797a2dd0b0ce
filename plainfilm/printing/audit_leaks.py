"""The leak audit on a terminal: copies, clusters, patients, conflicts, and what a leaking split adds to a score."""

from collections.abc import Sequence
from typing import Any

from plainfilm.evaluation.intervals import Estimate
from plainfilm.present.terminal import Terminal

MAX_CLUSTERS = 20  # listed on the terminal
COUNTS = ("films", "clusters", "across_classes", "across_splits", "across_sources")


def print_leaks(terminal: Terminal, leaks: dict[str, Any]) -> None:
    """The part `leaks` of audit.json."""
    _print_copies(terminal, leaks)
    _print_clusters(terminal, leaks["clusters"])
    terminal.say("leaks.conflicts", count=len(leaks["conflicts"]))
    patients = leaks["patients"]
    if patients["known_films"]:
        names = ("known_films", "across_splits", "patients_across_splits")
        known, films, torn = (patients[name] for name in names)
        terminal.say("leaks.patients", known=known, films=films, patients=torn)
    else:
        terminal.say("leaks.patients-unknown")
    _print_naive(terminal, leaks["naive"])


def _print_copies(terminal: Terminal, leaks: dict[str, Any]) -> None:
    """Exact and near copies, in all and by class."""
    rows: list[list[object]] = []
    for kind in ("exact", "near"):
        found = leaks[kind]
        rows.append([terminal.text(f"leaks.{kind}"), terminal.text("index.total"), *(found[name] for name in COUNTS)])
        rows += [
            ["", label or "-", counts["films"], counts["clusters"], "", "", ""]
            for label, counts in found["by_class"].items()
        ]
    headings = ["copies", "class", "films", "clusters", "across-classes", "across-splits", "across-sources"]
    terminal.table([terminal.text(f"leaks.{heading}") for heading in headings], rows, left=2)
    if leaks["near"]["also_exact"]:
        terminal.say("leaks.also-exact", films=leaks["near"]["also_exact"])


def _print_clusters(terminal: Terminal, clusters: Sequence[dict[str, Any]]) -> None:
    """How many clusters each class has, then the largest."""
    if not clusters:
        return
    sizes: dict[str, list[int]] = {}
    for cluster in clusters:
        for label, count in cluster["classes"].items():
            sizes.setdefault(label, []).append(count)
    for label, counts in sorted(sizes.items()):
        terminal.say(
            "leaks.clusters-of", label=label or "-", clusters=len(counts), films=sum(counts), largest=max(counts)
        )
    rows = [
        [
            number,
            terminal.text(f"leaks.{cluster['kind']}"),
            ", ".join(f"{label or '-'} {count}" for label, count in cluster["classes"].items()),
            ", ".join(cluster["splits"]) or "-",
            ", ".join(cluster["sources"]),
            cluster["image_ids"][0],
        ]
        for number, cluster in enumerate(clusters[:MAX_CLUSTERS], 1)
    ]
    headings = ["cluster", "copies", "films", "splits", "sources", "first"]
    terminal.table([terminal.text(f"leaks.{heading}") for heading in headings], rows, left=len(headings))
    if len(clusters) > MAX_CLUSTERS:
        terminal.say("leaks.more-clusters", clusters=len(clusters) - MAX_CLUSTERS)


def _print_naive(terminal: Terminal, naive: dict[str, Any]) -> None:
    """How much of the tutorial's test split leaks, and what each reader gains by it."""
    language = terminal.language
    terminal.say("leaks.naive", share=Estimate.from_dict(naive["leaking_films"]).percent(language))
    for label, share in naive["leaking_by_class"].items():
        terminal.say("leaks.naive-class", label=label, share=Estimate.from_dict(share).percent(language))
    rows = [
        [
            terminal.text(f"leaks.reader-{name}"),
            *(Estimate.from_dict(found[column]).percent(language) for column in ("naive", "clean", "difference")),
        ]
        for name, found in naive["readers"].items()
    ]
    headings = ["reader", "naive-split", "clean-split", "difference"]
    terminal.table([terminal.text(f"leaks.{heading}") for heading in headings], rows)
    terminal.say("leaks.naive-note", films=naive["films"], folds=naive["folds"])
