"""Texts of a column as its values: missing ones, and numbers written for people.

Training and serving read texts by them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from config.errors import InputError
from config.features import Negative, NumberFormat, RawColumn
from config.values.canonical_text import BOOLEANS

_SPACE = r"[\s\x{a0}\x{202f}]"
# Pattern of a negative number in each form, and its replacement with a hyphen in front.
_NEGATIVES: dict[Negative, tuple[str, str]] = {
    "minus_sign": (r"^(\D*)[\x{2212}\x{2013}]", r"\1-"),
    "parentheses": (r"^([^()\d]*)\(\s*([^()]*?)\s*\)([^()\d]*)$", r"-\1\2\3"),
    "trailing": (r"^([^-]*\d[^-]*)-(\D*)$", r"-\1\2"),
}
# Typography has spaces that do not break lines, and an apostrophe of its own.
_THOUSANDS = {" ": _SPACE, "'": "['\N{RIGHT SINGLE QUOTATION MARK}]"}


def typed(texts: pa.Array, column: RawColumn) -> pa.Array:
    """The texts of a column as its values.

    Args:
      texts: string [n]; null is missing.
      column: The column.

    Returns:
      float64 [n], string [n], or lists of strings [n].

    Raises:
      InputError: A text is no number where one is expected.
    """
    texts = without_missing(texts, column.missing_values)
    if column.type == "float":
        return parse_numbers(texts, column.number_format or NumberFormat())
    if column.delimiter is not None:
        return pc.split_pattern(texts, pattern=column.delimiter)
    return texts


def holds_text(kind: pa.DataType) -> bool:
    """Returns True for each type that texts have in files, dictionaries included."""
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    return kind in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary())


def without_missing(texts: pa.Array, words: Sequence[str]) -> pa.Array:
    """The texts, null where they are one of the words for a missing value."""
    if not words:
        return texts
    is_word = pc.is_in(texts, value_set=pa.array(words, texts.type))
    return pc.if_else(is_word, pa.scalar(None, texts.type), texts)


def parse_numbers(texts: pa.Array, number_format: NumberFormat) -> pa.Array:
    """Reads texts such as `$1,909.50` as numbers.

    Digits are grouped by three or, as in India, by two before the last three; a number
    may also have no groups, and no unit. A boolean is 1 or 0.

    Args:
      texts: string [n]; null is missing.
      number_format: Notation of the numbers.

    Returns:
      float64 [n].

    Raises:
      InputError: A text is no such number; the message quotes the first one.
    """
    bare = _bare(booleans_as_digits(texts), number_format)
    bad = pc.invert(pc.match_substring_regex(bare, _pattern(number_format)))
    if pc.any(bad).as_py():
        raise InputError(
            f"expected a number such as {example_of(number_format)}, got "
            f"{texts.filter(bad)[0].as_py()[:60]!r}"
        )
    # Arrow takes no plus sign.
    bare = pc.utf8_ltrim(bare, "+")
    if separator := _separator(number_format):
        bare = pc.replace_substring_regex(bare, separator, "")
    if number_format.decimal != ".":
        bare = pc.replace_substring(bare, number_format.decimal, ".")
    return bare.cast(pa.float64())


def booleans_as_digits(texts: pa.Array) -> pa.Array:
    """The texts, with 1 or 0 for those of booleans."""
    bare = pc.utf8_trim_whitespace(texts)
    for digit, boolean in (("1", True), ("0", False)):
        words = [word for word, value in BOOLEANS.items() if value is boolean]
        is_word = pc.is_in(bare, value_set=pa.array(words, texts.type))
        texts = pc.if_else(is_word, pa.scalar(digit, texts.type), texts)
    return texts


def is_number(texts: pa.Array, number_format: NumberFormat) -> pa.Array:
    """Returns True for each number in the notation: bool [n], null where missing."""
    bare = _bare(texts, number_format)
    return pc.match_substring_regex(bare, _pattern(number_format))


def example_of(number_format: NumberFormat) -> str:
    """A number as the format writes it, such as `1,909.5` or `1909.5 (in $)`."""
    number = f"1{number_format.thousands or ''}909{number_format.decimal}5"
    if number_format.negative is not None:
        forms = {
            "minus_sign": f"\N{MINUS SIGN}{number}",
            "parentheses": f"({number})",
            "trailing": f"{number}-",
        }
        number += f" or {forms[number_format.negative]}"
    return number + (f" (in {number_format.unit})" if number_format.unit else "")


def _pattern(number_format: NumberFormat) -> str:
    """Regular expression (RE2) of a number without its unit."""
    whole = r"\d+"
    if separator := _separator(number_format):
        whole = rf"(\d+|\d{{1,3}}({separator}\d{{2,3}})*{separator}\d{{3}})"
    point = re.escape(number_format.decimal)
    finite = rf"({whole}({point}\d*)?|{point}\d+)([eE][-+]?\d+)?"
    return rf"^[-+]?({finite}|(?i:nan|inf|infinity))$"


def _separator(number_format: NumberFormat) -> str | None:
    thousands = number_format.thousands
    return thousands and _THOUSANDS.get(thousands, re.escape(thousands))


def _bare(texts: pa.Array, number_format: NumberFormat) -> pa.Array:
    """Removes units, and marks negative numbers by a hyphen."""
    texts = with_hyphens(pc.utf8_trim_whitespace(texts), number_format.negative)
    return _without_unit(texts, number_format)


def with_hyphens(texts: pa.Array, negative: Negative | None) -> pa.Array:
    """Marks numbers that are negative in another form by a hyphen."""
    if negative is None:
        return texts
    pattern, replacement = _NEGATIVES[negative]
    return pc.replace_substring_regex(texts, pattern, replacement)


def _without_unit(texts: pa.Array, number_format: NumberFormat) -> pa.Array:
    if number_format.unit is None:
        return texts
    unit = re.escape(number_format.unit.strip())
    before = rf"^([-+]?){_SPACE}*{unit}{_SPACE}*"
    after = rf"{_SPACE}*{unit}$"
    shortened = pc.replace_substring_regex(texts, before, r"\1", max_replacements=1)
    has_no_unit_before = pc.equal(shortened, texts)
    return pc.if_else(
        has_no_unit_before, pc.replace_substring_regex(texts, after, ""), shortened
    )
