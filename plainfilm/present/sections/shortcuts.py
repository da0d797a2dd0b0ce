"""What cheap readers tell from views of the films."""

from collections.abc import Callable, Iterator, Sequence

from plainfilm.audits.permutation import Permutation
from plainfilm.audits.shortcuts import Shortcuts, View
from plainfilm.audits.sites import LeftOut, ToldSource
from plainfilm.estimate import Estimate
from plainfilm.messages import Text, say
from plainfilm.present.blocks import Bar, Block, Cell, Note, Table
from plainfilm.present.figure_rows import head
from plainfilm.present.words import figure, label, listed


def shortcuts(found: Shortcuts | None, shown: Callable[[str], Text]) -> Iterator[Block]:
    """All that the shortcut audit found but the verdict; `shown`: what a class is called."""
    if found is None or not found.views:
        yield Note(say("report.audit.no-shortcuts"), "missing")
        return
    method = found.method
    words = label("shortcuts.split.", method.split)
    yield Note(say("report.audit.method", films=method.films, groups=method.groups, split=words))
    yield _views(found)
    if found.model is not None:
        yield _shares(found.views)
    yield _permutation(found.permutation)
    if found.source is not None:
        yield _told_source(found.source, shown)
    if found.sources:
        yield _left_out_sources(found.sources, shown)
    for entry in found.not_estimable:
        key = f"shortcuts.unanswered.{entry.question}.{entry.reason}"
        yield Note(say(key, label=shown(entry.class_), source=entry.source))


def verdict(found: Shortcuts) -> Note:
    """What the shortcut audit comes to, in one sentence."""
    told, share, figures = found.verdict, found.verdict.share, dict[str, object]()
    if share is not None and share.estimable:
        figures = {"share": 100 * share.value, "low": 100 * share.low, "high": 100 * share.high, "n": share.n}
    accuracy, chance = told.accuracy.in_percent(), found.chance.in_percent()
    key, view = f"shortcuts.verdict.{told.code}", label("view.", told.view)
    tone = "plain" if told.code == "clear" else "alarm"
    return Note(say(key, view=view, accuracy=accuracy, chance=chance, **figures), tone)


def _views(found: Shortcuts) -> Table:
    """The accuracy from each view, between chance and the model."""
    mark = found.chance.value
    rows: list[tuple[Cell, ...]] = [(say("report.audit.chance"), "–", *_drawn(found.chance, None), "–")]
    for view in found.views:
        lung, flagged = _answer(not view.lungless), _answer(view.flagged)
        rows.append((label("view.", view.name), lung, *_drawn(view.accuracy, mark), flagged))
    if found.model is not None:
        rows.append((say("report.audit.model"), _answer(True), *_drawn(found.model, mark), "–"))
    columns = (say("report.audit.sees"), say("shortcuts.lung"), say("report.audit.bar"))
    return Table(
        say("report.audit.views"),
        (*columns, say("figure.accuracy"), *head()[1:], say("report.audit.flagged")),
        tuple(rows),
        left=len(columns),
    )


def _drawn(accuracy: Estimate, mark: float | None) -> tuple[Cell, ...]:
    """A figure as a bar and its three cells."""
    drawn = Bar(accuracy.value, accuracy.low, accuracy.high, mark) if accuracy.estimable else "–"
    return (drawn, *figure(accuracy))


def _answer(is_so: bool) -> Text:
    return say("report.yes") if is_so else say("report.no")


def _shares(views: Sequence[View]) -> Table:
    """What each view has of that which the model adds over chance."""
    rows = tuple((label("view.", view.name), *figure(view.share)) for view in views)
    return Table(say("report.audit.share"), head(say("report.audit.sees")), rows)


def _permutation(found: Permutation) -> Note:
    """How often shuffled labels are told as well."""
    return Note(
        say(
            "report.audit.permutation",
            view=label("view.", found.view),
            draws=found.n,
            p=found.p,
            highest=100 * found.highest,
            accuracy=found.accuracy.in_percent(),
        )
    )


def _told_source(found: ToldSource, shown: Callable[[str], Text]) -> Table:
    """How well the source is told from the model's features, in all and within a class, each beside chance."""
    keys = {"accuracy": "figure.accuracy", "chance": "shortcuts.source-chance"}
    parts = [(say("index.total"), found), *((shown(name), of) for name, of in found.classes.items())]
    rows = tuple((name, say(key), *figure(getattr(of, part))) for name, of in parts for part, key in keys.items())
    return Table(say("shortcuts.source"), head(say("index.class"), say("evaluation.figure")), rows, left=2)


def _left_out_sources(entries: Sequence[LeftOut], shown: Callable[[str], Text]) -> Table:
    """The sensitivity in a source that was left out, beside that with it."""
    keys = {"sensitivity": "shortcuts.sensitivity", "usual": "shortcuts.usual"}
    rows = tuple(
        (shown(entry.class_), entry.left_out, listed(map(shown, entry.lost)), say(key), *figure(getattr(entry, part)))
        for entry in entries
        for part, key in keys.items()
    )
    columns = ("index.class", "shortcuts.left-out", "shortcuts.lost", "evaluation.figure")
    return Table(say("report.audit.sources"), head(*map(say, columns)), rows, left=4)
