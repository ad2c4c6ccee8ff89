"""Hints for columns of texts that look like numbers in another notation."""

from __future__ import annotations

import re

import pyarrow as pa
import pyarrow.compute as pc

from config.values.text_values import without_missing
from ctr.infer.column import listed
from ctr.infer.texts import PLACEHOLDERS, UNITS, are_versions, numbers_of

_LEAST_SHARE = 0.9
_FEWEST = 20
_FEWEST_MARKED = 10  # fewer are categories such as 3G, 4G and 5G

_DIGITS = r"(\p{Nd}{1,3}([,.'\x{2019}\s]\p{Nd}{3})+|\p{Nd}+)([.,]\p{Nd}+)?|[.,]\p{Nd}+"
_MULTIPLES = (
    r"[kKmMbBgGtT]|bn|Bn|mn|mio|Mio\.?|mrd|Mrd\.?|mln|tsd|Tsd\.?|lakhs?|lac|cr|crores?"
    r"|thousand|million|billion|trillion|万|萬|億|亿|千"
)
_UNIT = r"\p{Sc}|" + "|".join(map(re.escape, UNITS))
_SIGN = r"[-+\x{2212}\x{2013}(~<>=\x{2248}\x{2264}\x{2265}\s]*"
_DURATION = (
    r"(\d+\s*(d|days?|h|hrs?|hours?|m|mins?|minutes?|s|secs?|seconds?)\s*)+"
    r"|(\d+:)?\d+:\d\d([.,]\d+)?|P(\d+D)?(T[\d.HMS]+)?"
)
_ONE = rf"({_UNIT})?({_DIGITS})\s*({_UNIT})?"
_OF_TWO = rf"{_ONE}\s*(-|\x{{2013}}|/|to)\s*{_ONE}"  # 10-20, 1/2
_NUMBER = (
    rf"^({_DURATION}|{_OF_TWO})$|^{_SIGN}({_UNIT})?{_SIGN}({_DIGITS})"
    rf"\s*({_MULTIPLES})?\s*({_UNIT})?[-+)\s]*({_UNIT})?$"
)
_PLAIN = (
    r"^[\d,.'\x{2019}\s]+$"  # digits and separators: lists and codes have these, too
)
_HAS_DIGIT = r"^[^#]*\p{Nd}"  # besides errors of Excel, such as #DIV/0!


def number_hint(texts: pa.Array) -> str | None:
    """Returns a hint for texts that look like numbers to a person; None for others."""
    found = without_missing(pc.utf8_trim_whitespace(texts), PLACEHOLDERS)
    found = found.drop_null().unique()
    is_number = pc.match_substring_regex(found, _NUMBER)
    if (pc.mean(is_number).as_py() or 0) < _LEAST_SHARE:
        return None
    numbers, others = found.filter(is_number), found.filter(pc.invert(is_number))
    if pc.any(pc.match_substring_regex(others, _HAS_DIGIT)).as_py():
        return None
    if are_versions(numbers):
        return "versions, as 4.10 beside 4.9: to make it numeric, set its kind"
    if numbers_of(numbers) is not None:
        return _other_words(others) if len(numbers) >= _FEWEST else None
    marked = numbers.filter(pc.invert(pc.match_substring_regex(numbers, _PLAIN)))
    return _other_notation(marked) if len(marked) >= _FEWEST_MARKED else None


def _other_words(words: pa.Array) -> str:
    return (
        f"numbers, but for {listed(words.to_pylist())}: to make it numeric, list under "
        "its missing_values what stands for a missing value"
    )


def _other_notation(numbers: pa.Array) -> str:
    return (
        f"numbers in a notation that is not read ({listed(numbers.to_pylist(), 3)}): "
        "to make it numeric, write one number in plain digits, all in one unit"
    )
