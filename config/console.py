"""Text for the terminal, as it is: to be copied, searched and compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def say(console: Console, text: str) -> None:
    """Prints text as it is: brackets are no markup, and paths stay in one line."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line for each row, with the cells of a column below each other."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def new_table(title: str, texts: Sequence[str], numbers: Sequence[str] = ()) -> Table:
    """An empty table.

    Args:
      title: Its title.
      texts: Headings of columns of text, which is folded where it is too long.
      numbers: Headings of columns of numbers, which stay whole.
    """
    from rich.table import Table

    table = Table(title=title, title_justify="left")
    for heading in texts:
        table.add_column(heading, overflow="fold")
    for heading in numbers:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def add_row(table: Table, cells: Iterable[str]) -> None:
    """Adds a row of text as it is: brackets are no markup."""
    from rich.text import Text

    table.add_row(*map(Text, cells))
