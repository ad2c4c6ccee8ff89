"""Answers of `ctr neighbors`, and their tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from config.console import say

# Several texts are the value of a multi-valued feature.
Value = float | str | tuple[str, ...]


@dataclass(frozen=True)
class Neighbor:
    """A term near another.

    Attributes:
      similarity: The cosine of the angle between their vectors.
    """

    value: str
    similarity: float


@dataclass(frozen=True)
class Similar:
    """The terms that are nearest to one.

    Attributes:
      value: The term asked for.
      model: The SavedModel that the vectors are from.
      terms: Number of terms that were searched.
      neighbors: The nearest terms, the nearest first.
      by_chance: The similarity that the nearest would have on average, were the vectors
        random.
    """

    feature: str
    value: str
    model: str
    terms: int
    neighbors: list[Neighbor]
    by_chance: float


@dataclass(frozen=True)
class Scored:
    """A value and how the model scores it.

    Attributes:
      probability: The probability of a click.
      known: True if it is in the vocabulary; all others of a feature look alike to
        the model. Always so where the feature has no vocabulary.
    """

    value: Value
    probability: float
    known: bool


@dataclass(frozen=True)
class Best:
    """The values of a feature that the model scores highest.

    Attributes:
      given: Values of the question.
      model: The SavedModel that was asked.
      candidates: Number of values that were scored: all in the examples.
      described_by: Features that describe a value of the feature, such as the category
        of an ad: each value has its own.
      context: The other features, the same for all values: those of the last example
        with what was given first.
      best: The values with the highest scores, the highest first.
    """

    feature: str
    given: dict[str, Value | None]
    model: str
    candidates: int
    described_by: list[str]
    context: dict[str, Value | None]
    best: list[Scored]


def render(answer: Similar | Best, console: Console) -> None:
    """Prints an answer."""
    if isinstance(answer, Best):
        _render_best(answer, console)
        return
    table = Table(answer.feature, "cosine similarity")
    for neighbor in answer.neighbors:
        table.add_row(Text(neighbor.value), f"{neighbor.similarity:.4f}")
    say(
        console,
        f"The nearest of {answer.terms:,} terms to {answer.feature}={answer.value} "
        f"(version {_version(answer.model)})",
    )
    console.print(table)
    say(
        console,
        f"The nearest of as many random vectors: {answer.by_chance:.4f} on average.",
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
