"""The balance of a data set on a terminal, and for --json: warnings first."""

from typing import Any

from plainfilm.data.sources.balance import Balance, TableBalance
from plainfilm.present.terminal import Terminal
from plainfilm.text import printable

MAX_ENDINGS = 4  # of the files that are left out for one reason, shown by number


def print_balance(terminal: Terminal, balance: Balance | None) -> None:
    """What is lost, what became of all files and rows, and what was taken for what; nothing of an older index."""
    if balance is None:
        return
    for said in balance.warnings:
        terminal.say("balance.warning", message=said.shown(terminal.language))
    left_out = balance.files - balance.used
    terminal.say("balance.files", files=balance.files, used=balance.used, left_out=left_out)
    rows = [
        [terminal.text(f"balance.reason.{left.reason}"), left.files, _endings(left.endings), left.example]
        for left in balance.left_out
    ]
    if rows:
        headings = [terminal.text(f"balance.{name}") for name in ("reason", "count", "endings", "example")]
        terminal.table(headings, rows)
    for table in balance.tables:
        _print_table(terminal, table)
    for said in balance.notes:
        terminal.line(said.shown(terminal.language))


def _print_table(terminal: Terminal, table: TableBalance) -> None:
    terminal.say("balance.rows", table=table.name, rows=table.rows, fit=table.fit, unfit=table.unfit, twice=table.twice)
    if table.films_without_row:
        terminal.say("balance.without-row", table=table.name, films=table.films_without_row, of=table.films)
    used = ", ".join(
        name if name == heading else terminal.text("balance.column", name=name, heading=heading)
        for name, heading in table.columns_used.items()
    )
    unused = ", ".join(map(printable, table.columns_unused)) or terminal.text("balance.no-column")
    terminal.say("balance.columns", used=used, unused=unused)


def _endings(endings: dict[str, int]) -> str:
    shown = [f"{ending or '-'} {count}" for ending, count in endings.items()]
    return ", ".join(shown[:MAX_ENDINGS] + ["..."] * (len(shown) > MAX_ENDINGS))


def balance_summary(balance: Balance | None, language: str) -> dict[str, Any] | None:
    """The balance for --json, its sentences in a language."""
    if balance is None:
        return None
    said = {
        name: [
            {"code": entry.key, "parameters": dict(entry.values), "message": entry.shown(language)}
            for entry in getattr(balance, name)
        ]
        for name in ("warnings", "notes")
    }
    return balance.as_dict() | said
