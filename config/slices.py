"""Canonical texts of the values that gates name."""

from __future__ import annotations

import math
from collections.abc import Sequence

from config.errors import InputError
from config.evaluation import Gate
from config.features import Feature, Features, Numeric
from config.names import as_key
from config.values.canonical_text import canonical_text, number_text


def with_canonical_slices(
    gates: Sequence[Gate], features: Features, label: str
) -> tuple[Gate, ...]:
    """Returns the gates with canonical texts in their slices.

    Args:
      gates: The gates, with the values as they were typed.
      features: The features; other columns hold text.
      label: Name of the label.

    Raises:
      ValueError: A column cannot have such a value.
    """
    canonical = []
    for index, gate in enumerate(gates):
        texts = {}
        for column, value in (gate.slice or {}).items():
            try:
                texts[column] = _canonical(value, features.get(column), column == label)
            except (ValueError, InputError) as error:
                where = f"gates[{index}].slice.{as_key(column)}"
                raise ValueError(f"{where}: {error}") from error
        canonical.append(gate.model_copy(update={"slice": texts or None}))
    return tuple(canonical)


def _canonical(value: str, feature: Feature | None, is_label: bool) -> str:
    if is_label:
        return _label(value)
    if isinstance(feature, Numeric):
        return _number(value)
    return canonical_text(value) or ""


def _label(value: str) -> str:
    text = canonical_text(value)
    if text not in ("0", "1"):
        raise ValueError(f"got {value!r}; the label is 0 or 1")
    return text


def _number(value: str) -> str:
    """Returns the canonical text of a number in any spelling."""
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    text = number_text(number)
    if not math.isfinite(float(text)):
        raise ValueError(
            f"got {value!r}; the column is numeric: give a number of 32 bits, such as "
            "0.5"
        )
    return text
