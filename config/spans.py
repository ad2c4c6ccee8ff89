"""Examples in spans: files by day, or by number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from config.base import Block, PositiveInt

LATEST = "latest"

# TFX's placeholders.
DATE_PLACEHOLDERS = ("{YYYY}", "{MM}", "{DD}")
SPAN_PLACEHOLDER = re.compile(r"\{SPAN(?::(?P<width>1[0-8]|[1-9]))?\}")
_TFX_PLACEHOLDER = re.compile(r"\{(?:SPAN|VERSION|YYYY|MM|DD)(?::[^{}]*)?\}")
_PLACEHOLDER = re.compile(r"\{[^{}]*\}")
_ALLOWED = "{YYYY}, {MM} and {DD} once each, or one {SPAN} or {SPAN:2} (of 2 digits)"


def check_glob(where: str, pattern: str) -> None:
    """Raises ValueError for a pattern with placeholders of a span."""
    if _TFX_PLACEHOLDER.search(pattern):
        raise ValueError(
            f"{where}: got {pattern!r}; placeholders are for examples.spans; give a "
            "glob here, or examples.spans"
        )


def check_placeholders(where: str, pattern: str) -> None:
    """Raises ValueError for a pattern that does not say which span a file is of."""
    found = sorted(_PLACEHOLDER.findall(pattern))
    is_number = len(found) == 1 and SPAN_PLACEHOLDER.fullmatch(found[0])
    if not is_number and found != sorted(DATE_PLACEHOLDERS):
        raise ValueError(f"{where}: got {pattern!r}; expected {_ALLOWED}")


def check_like(where: str, pattern: str, spans: Spans | None) -> None:
    """Raises ValueError for a pattern that does not name spans as the examples do."""
    if spans is None:
        check_glob(where, pattern)
        return
    check_placeholders(where, pattern)
    if has_dates(pattern) != has_dates(spans.pattern):
        raise ValueError(
            f"{where}: got {pattern!r}; expected placeholders as in "
            f"examples.spans.pattern, {spans.pattern!r}"
        )


def has_dates(pattern: str) -> bool:
    """Returns True if the spans of a pattern are days."""
    return DATE_PLACEHOLDERS[0] in pattern


def _as_text(value: Any) -> Any:
    """YAML turns `2026-11-20` into a date, and `8` into a number."""
    is_plain = isinstance(value, (date, int)) and not isinstance(value, bool)
    return str(value) if is_plain else value


class Spans(Block):
    """Files by span: the newest evaluate, and those before them train.

    The window counts spans, not files: of the older ones those that exist are taken.

    Attributes:
      pattern: A glob of files below `examples.root` with placeholders for the span, as
        TFX writes them: `{YYYY}`, `{MM}` and `{DD}` for a day, or `{SPAN}` for a
        number, `{SPAN:2}` for one of two digits.
      train: Number of spans to train on, before those to evaluate on.
      eval: Number of newest spans to evaluate on.
      newest: The newest span: a date such as 2026-11-20, a number where the pattern has
        `{SPAN}`, or `latest`: the newest that exists. `ctr run --span` overrides it.
    """

    pattern: str
    train: PositiveInt
    eval: PositiveInt = 1
    newest: Annotated[str, BeforeValidator(_as_text)] = LATEST

    @model_validator(mode="after")
    def _pattern_says_the_span(self) -> Spans:
        check_placeholders("pattern", self.pattern)
        return self

    @model_validator(mode="after")
    def _newest_is_a_span(self) -> Spans:
        if self.newest == LATEST:
            return self
        allowed = "a number such as 8"
        if has_dates(self.pattern):
            allowed = "a date such as 2026-11-20"
        if not (_is_date if has_dates(self.pattern) else _is_number)(self.newest):
            raise ValueError(
                f"newest: got {self.newest!r}; allowed: {LATEST}, or {allowed}, as "
                f"{self.pattern!r} has it"
            )
        return self


class RunSpans(Block):
    """The spans of one run, as people name them.

    Attributes:
      train: Spans that it trained on, in order.
      eval: Spans that it evaluated on, in order.
      missing: Gaps: those that were wanted, but have no file while older ones do.
    """

    train: tuple[str, ...]
    eval: tuple[str, ...]
    missing: tuple[str, ...] = ()

    @property
    def newest(self) -> str:
        """The newest span."""
        return self.eval[-1]

    @property
    def splits(self) -> dict[str, tuple[str, ...]]:
        """The spans of each split."""
        return {"train": self.train, "eval": self.eval}

    def in_words(self) -> str:
        """One line for people."""
        words = f"train on {_extent(self.train)}, evaluate on {_extent(self.eval)}"
        if self.missing:
            words += f"; there is no file of {', '.join(self.missing)}"
        return words


def is_earlier(span: str, other: str) -> bool:
    """Returns True if a span, as people name it, comes before another.

    A day and a number have no order, nor has the empty name of what is not in spans.
    """
    if _is_date(span) and _is_date(other):
        return date.fromisoformat(span) < date.fromisoformat(other)
    return _is_number(span) and _is_number(other) and int(span) < int(other)


def _extent(names: Sequence[str]) -> str:
    """The first and the last of some spans."""
    return " to ".join(dict.fromkeys((names[0], names[-1])))


def _is_date(text: str) -> bool:
    try:
        # Python 3.11 takes other forms of ISO 8601, too.
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
