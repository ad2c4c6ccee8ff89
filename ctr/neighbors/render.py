"""Neighbours as tables."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.console import say
from ctr.neighbors.answers import Best, Similar, Value


def render(answer: Similar | Best, console: Console) -> None:
    """Prints an answer."""
    if isinstance(answer, Similar):
        _render_similar(answer, console)
    else:
        _render_best(answer, console)


def _render_similar(similar: Similar, console: Console) -> None:
    table = Table(similar.feature, "cosine similarity")
    for neighbor in similar.neighbors:
        table.add_row(Text(neighbor.value), f"{neighbor.similarity:.4f}")
    say(
        console,
        f"The nearest of {similar.terms:,} terms to {similar.feature}={similar.value} "
        f"(version {_version(similar.model)})",
    )
    console.print(table)
    say(
        console,
        f"The nearest of as many random vectors: {similar.by_chance:.4f} on average.",
    )


def _render_best(best: Best, console: Console) -> None:
    table = Table(best.feature, "probability of a click")
    if not all(scored.known for scored in best.best):
        table.add_column()
    for scored in best.best:
        row = Text(_text(scored.value)), f"{scored.probability:.4f}"
        table.add_row(*row, *([] if scored.known else ["not in the vocabulary"]))
    say(
        console,
        f"The {len(best.best)} of {best.candidates:,} values of {best.feature} that "
        f"version {_version(best.model)} scores highest for {_pairs(best.given)}",
    )
    console.print(table)
    own = ", ".join(best.described_by) or "nothing"
    say(console, f"Of each {best.feature}, as in its examples: {own}.")
    first = _pairs(dict([next(iter(best.given.items()))]))
    context = _pairs(best.context) or "nothing"
    say(console, f"As in the last example with {first}: {context}.")


def _pairs(values: dict[str, Value | None]) -> str:
    return ", ".join(f"{name}={_text(value)}" for name, value in values.items())


def _text(value: Value | None) -> str:
    if value is None:
        return "(missing)"
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else "|".join(value)


def _version(model: str) -> str:
    return Path(model).name
