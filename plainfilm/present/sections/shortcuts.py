"""What probes tell from views of the films. A part of the audit that is not there is passed over."""

from collections.abc import Callable, Iterator, Sequence

from plainfilm.messages import Text, say
from plainfilm.present.blocks import Bar, Block, Cell, Note, Table
from plainfilm.present.figure_rows import Figures, head
from plainfilm.present.words import figure, label, listed, percent


def shortcuts(found: Figures, shown: Callable[[str], Text]) -> Iterator[Block]:
    """All that the shortcut audit found but the verdict; `shown`: what a class is called."""
    if not found.get("views"):
        yield Note(say("report.audit.no-shortcuts"), "missing")
        return
    method = found.get("method")
    if method:
        words = label("shortcuts.split.", method["split"])
        yield Note(say("report.audit.method", films=method["films"], groups=method["groups"], split=words))
    yield _views(found)
    if found.get("model"):
        yield _shares(found["views"])
    if found.get("permutation"):
        yield _permutation(found["permutation"])
    if found.get("source"):
        yield _told_source(found["source"], shown)
    if found.get("sources"):
        yield _left_out_sources(found["sources"], shown)
    for entry in found.get("not_estimable") or ():
        key = f"shortcuts.unanswered.{entry['question']}.{entry['reason']}"
        yield Note(say(key, label=shown(entry["class"]), source=entry["source"]))


def verdict(found: Figures) -> Note:
    """What the shortcut audit comes to, in one sentence."""
    told = found["verdict"]
    share = told["share"] or {"value": None}
    figures: dict[str, object] = {}
    if share["value"] is not None:
        figures = {name: 100 * share[key] for name, key in (("share", "value"), ("low", "low"), ("high", "high"))}
        figures["n"] = share["n"]
    accuracy, chance = percent(told["accuracy"]), percent(found["chance"])
    key, view = f"shortcuts.verdict.{told['code']}", label("view.", told["view"])
    return Note(
        say(key, view=view, accuracy=accuracy, chance=chance, **figures),
        "plain" if told["code"] == "clear" else "alarm",
    )


def _views(found: Figures) -> Table:
    """The accuracy from each view, between chance and the model."""
    chance, model = found.get("chance"), found.get("model")
    mark = chance["value"] if chance else None
    rows: list[tuple[Cell, ...]] = []
    if chance:
        rows.append((say("report.audit.chance"), "–", *_drawn(chance, None), "–"))
    for view in found["views"]:
        lung, flagged = _answer(not view["lungless"]), _answer(view["flagged"])
        rows.append((label("view.", view["name"]), lung, *_drawn(view["accuracy"], mark), flagged))
    if model:
        rows.append((say("report.audit.model"), _answer(True), *_drawn(model, mark), "–"))
    columns = (say("report.audit.sees"), say("shortcuts.lung"), say("report.audit.bar"))
    return Table(
        say("report.audit.views"),
        (*columns, say("figure.accuracy"), *head()[1:], say("report.audit.flagged")),
        tuple(rows),
        left=len(columns),
    )


def _drawn(accuracy: Figures, mark: float | None) -> tuple[Cell, ...]:
    """A figure as a bar and its three cells."""
    if accuracy["value"] is None:
        return ("–", *figure(accuracy))
    return (Bar(accuracy["value"], accuracy["low"], accuracy["high"], mark), *figure(accuracy))


def _answer(is_so: bool) -> Text:
    return say("report.yes") if is_so else say("report.no")


def _shares(views: Sequence[Figures]) -> Table:
    """What each view has of that which the model adds over chance."""
    rows = tuple((label("view.", view["name"]), *figure(view.get("share"))) for view in views)
    return Table(say("report.audit.share"), head(say("report.audit.sees")), rows)


def _permutation(found: Figures) -> Note:
    """How often shuffled labels are told as well."""
    return Note(
        say(
            "report.audit.permutation",
            view=label("view.", found["view"]),
            draws=found["n"],
            p=found["p"],
            highest=100 * found["highest"],
            accuracy=percent(found["accuracy"]),
        )
    )


def _told_source(found: Figures, shown: Callable[[str], Text]) -> Table:
    """How well the source is told from the model's features, in all and within a class, each beside chance."""
    keys = {"accuracy": "figure.accuracy", "chance": "shortcuts.source-chance"}
    parts = [(say("index.total"), found), *((shown(name), of) for name, of in found.get("classes", {}).items())]
    rows = tuple((name, say(key), *figure(of[part])) for name, of in parts for part, key in keys.items() if part in of)
    return Table(say("shortcuts.source"), head(say("index.class"), say("evaluation.figure")), rows, left=2)


def _left_out_sources(entries: Sequence[Figures], shown: Callable[[str], Text]) -> Table:
    """The sensitivity in a source that was left out, beside that with it."""
    keys = {"sensitivity": "shortcuts.sensitivity", "usual": "shortcuts.usual"}
    rows = tuple(
        (shown(entry["class"]), entry["left_out"], listed(map(shown, entry["lost"])), say(key), *figure(entry[part]))
        for entry in entries
        for part, key in keys.items()
    )
    columns = ("index.class", "shortcuts.left-out", "shortcuts.lost", "evaluation.figure")
    return Table(say("report.audit.sources"), head(*map(say, columns)), rows, left=4)
