"""Numbers in CSV, and what stands among them for a missing value."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.compute as pc

_PLACEHOLDERS = frozenset(
    {"NA", "N/A", "n/a", "na", "null", "NULL", "None", "nan", "NaN", "\\N", "?", "-"}
)
_NUMBER = r"^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$"


def find_placeholders(columns: Mapping[str, pa.Array]) -> list[str]:
    """The words, such as NA, that keep a column of text from being one of numbers."""
    found: set[str] = set()
    for values in columns.values():
        others = set(pc.unique(not_numbers(values)).to_pylist())
        if others <= _PLACEHOLDERS:
            found |= others
    return sorted(found)


def not_numbers(values: pa.Array) -> pa.Array:
    """The texts that are no numbers; all where those are not the lesser part."""
    texts = values.drop_null()
    others = texts.filter(pc.invert(pc.match_substring_regex(texts, _NUMBER)))
    return others if 2 * len(others) < len(texts) else texts


def as_numbers(values: pa.Array, placeholders: list[str]) -> pa.Array:
    """The numbers that texts stand for, or the texts where some stand for none."""
    absent = pc.is_in(values, value_set=pa.array(placeholders, pa.string()))
    texts = pc.if_else(absent, pa.scalar(None, pa.string()), values)
    trimmed = pc.utf8_trim_whitespace(texts)
    if pc.any(pc.match_substring_regex(trimmed, r"^[-+]?0\d")).as_py():
        return texts  # 00501 is a code: as a number it would lose its zeros
    for number in (pa.int64(), pa.float64()):
        try:
            return trimmed.cast(number)
        except pa.ArrowInvalid:
            continue
    return texts
