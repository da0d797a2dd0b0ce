"""What became of the files and rows of a data set: what is lost, first; then the sums; then what was taken for what."""

from collections.abc import Iterator

from plainfilm.data.sources.balance import Balance, TableBalance
from plainfilm.messages import say
from plainfilm.present.blocks import Block, Note, Table
from plainfilm.present.words import listed

MAX_ENDINGS = 4  # of the files that are left out for one reason, shown by number


def balance(found: Balance | None) -> Iterator[Block]:
    """What became of all files and rows; nothing of an older index."""
    if found is None:
        return
    for said in found.warnings:
        yield Note(say("balance.warning", message=said), "alarm")
    counts = say("balance.files", files=found.files, used=found.used, left_out=found.files - found.used)
    rows = tuple(
        (
            say(f"balance.reason.{left.reason}"),
            str(left.files),
            listed([f"{ending or '-'} {count}" for ending, count in left.endings.items()], MAX_ENDINGS),
            left.example,
        )
        for left in found.left_out
    )
    head = tuple(say(f"balance.{name}") for name in ("reason", "count", "endings", "example"))
    yield Table(counts, head, rows) if rows else Note(counts)
    for table in found.tables:
        yield from _of_table(table)
    for said in found.notes:
        yield Note(said)


def _of_table(table: TableBalance) -> Iterator[Note]:
    name = table.name
    yield Note(say("balance.rows", table=name, rows=table.rows, fit=table.fit, unfit=table.unfit, twice=table.twice))
    if table.films_without_row:
        yield Note(say("balance.without-row", table=name, films=table.films_without_row, of=table.films))
    used = listed(
        column if column == heading else say("balance.column", name=column, heading=heading)
        for column, heading in table.columns_used.items()
    )
    unused = listed(table.columns_unused) if table.columns_unused else say("balance.no-column")
    yield Note(say("balance.columns", used=used, unused=unused))
