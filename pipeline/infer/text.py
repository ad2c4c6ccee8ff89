"""Figures, names and values as they stand in comments and messages."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def flow(value: Any) -> str:
    """A value as YAML on one line."""
    text: str = yaml.safe_dump(
        value,
        default_flow_style=True,
        sort_keys=False,
        width=10**9,
        allow_unicode=True,
    )
    return text.removesuffix("\n").removesuffix("\n...")


def flow_item(key: str, value: Any) -> str:
    """A key and its value as YAML on one line."""
    return flow({key: value})[1:-1]


def shown(value: object, limit: int = 30) -> str:
    """A value from the data, short and fit to stand in a comment or a message."""
    printable = "".join(c if c.isprintable() else "?" for c in str(value))
    return printable if len(printable) <= limit else printable[: limit - 3] + "..."


def listed(values: Iterable[object], most: int = 5, limit: int = 30) -> str:
    """The first of the values, comma-separated."""
    texts = [shown(value, limit) for value in values]
    rest = ", ..." if len(texts) > most else ""
    return ", ".join(texts[:most]) + rest


def percent(part: float, whole: float) -> str:
    """A share such as `37%` or `0.4%`; never 0% or 100% where that is not so."""
    share = 100 * part / whole
    if 1 <= share <= 99 or share in (0, 100):
        return f"{share:.0f}%"
    if share < 0.1:
        return "under 0.1%"
    return "over 99.9%" if share > 99.9 else f"{share:.1f}%"


def number(value: float) -> str:
    """A number in at most six digits where it is a fraction: `12,285`, `0.25`."""
    if float(value).is_integer():
        return f"{int(value):,}"
    return f"{value:,.6g}"


def words_of(name: str) -> list[str]:
    """The lower-case words of a column name: `userID` and `user_id` have two."""
    return [word.lower() for word in _WORD.findall(name)]
