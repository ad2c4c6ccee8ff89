"""Finds out how a column of texts writes its numbers, if it holds numbers."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import NamedTuple, get_args

import pyarrow as pa
import pyarrow.compute as pc

from config.features import Negative, NumberFormat
from config.values.text_values import (
    is_number,
    parse_numbers,
    with_hyphens,
    without_missing,
)

PLACEHOLDERS = (
    "NA N/A n/a #N/A NULL null Null None none NaN nan NAN \\N - -- ? . missing".split()  # noqa: SIM905
)
_CURRENCIES = (
    "$ € £ ¥ ₹ ₩ ₽ ₺ ₫ ₦ ₱ ₪ ₴ ฿ R$ US$ A$ C$ CA$ AU$ NZ$ HK$ Rs Rs. kr kr. zł Kč lei "  # noqa: SIM905
    "USD EUR GBP CHF JPY CNY RMB INR KRW BRL MXN CAD AUD NZD SEK NOK DKK PLN CZK HUF "
    "RUB TRY ZAR SGD HKD TWD THB IDR ILS AED".split()
)
UNITS = (*_CURRENCIES, *"% ‰ ° kg km cm mm ms sec min px KB MB GB".split())  # noqa: SIM905
# More digits are an id, and may not fit into 64 bits.
_MOST_DIGITS = 18
_FEWEST = 20

_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"
_CODE = r"^[-+]?0\d"  # 00501 would lose its zeros as a number
_PLUS = r"^\+"  # which a reader of plain numbers refuses
_WHOLE = r"^[-+]?\d+$"
_VERSION = r"^\d{1,3}(\.(0|[1-9]\d{0,2}))?$"  # a fraction has zeros in front, too
_HEXADECIMAL = r"^\d+[eE]\d+$"  # a hash such as 12345e67, or a number: 12345e67
_GERMAN = r"^[-+]?[1-9]\d{0,2}(\.\d{3})+$"
_THREE_DIGITS = r"^[-+]?\d{1,3}$"
# Three digits each, or more with no 0 in front: neither numbers nor fractions.
_CODES = r"^(\d{3}(,\d{3})*|[1-9]\d{2,}(,[1-9]\d{2,})*)$"
_LESS_THAN_ONE = r"^[-+]?0,"


class Numbers(NamedTuple):
    """A column of texts, as numbers.

    Attributes:
      values: int64 or float64; null is missing.
      number_format: Their notation; None for Python's.
      missing_words: The words in the column that stand for a missing value.
    """

    values: pa.Array
    number_format: NumberFormat | None = None
    missing_words: tuple[str, ...] = ()


def numbers_of(texts: pa.Array) -> Numbers | None:
    """Reads texts as numbers; None where they are something else.

    A word such as NA is a missing value only where all else is a number: among
    countries it is Namibia.

    Args:
      texts: string [n]; null is missing.
    """
    is_word = pc.is_in(texts, value_set=pa.array(PLACEHOLDERS))
    words = tuple(texts.filter(is_word).unique().to_pylist())
    texts = pc.utf8_trim_whitespace(without_missing(texts, words))
    found = texts.drop_null().unique()
    if not len(found):
        return None
    negative = _negative(found)
    found = with_hyphens(found, negative)
    if _any(found, _CODE) or are_versions(found):
        return None
    if negative is None and _all(found, _WHOLE):
        digits = pc.max(pc.utf8_length(found)).as_py()
        if digits > _MOST_DIGITS or _any(found, _PLUS):
            return None
        return Numbers(texts.cast(pa.int64()), None, words)
    for each in _formats(found):
        number_format = each.model_copy(update={"negative": negative})
        if pc.all(is_number(found, each)).as_py():
            values = parse_numbers(texts, number_format)
            is_plain = number_format == NumberFormat()
            return Numbers(values, None if is_plain else number_format, words)
    return None


def are_versions(texts: pa.Array) -> bool:
    """Returns True for texts such as 4.9 beside 4.10.

    Fractions are written with all their zeros or with none.
    """
    has_both = _any(texts, r"\.[1-9]$") and _any(texts, r"\.[1-9]\d?0$")
    return has_both and _all(texts, _VERSION)


def _formats(texts: pa.Array) -> Iterator[NumberFormat]:
    """The formats that the texts may have, the likeliest first."""
    unit = _unit(texts)
    is_plain = unit is None and not _any(texts, _PLUS)
    if is_plain and not _is_german(texts) and not _is_hash(texts):
        yield NumberFormat()
    separators = [mark for mark in " '.," if _has(texts, mark)]
    if unit is not None and not {" ", "'", ","}.intersection(separators):
        yield NumberFormat(unit=unit)
    for thousands, decimal in itertools.product((",", ".", " ", "'"), (".", ",")):
        if thousands == decimal or thousands not in separators:
            continue
        if _is_grouped(texts, thousands):
            yield NumberFormat(thousands=thousands, decimal=decimal, unit=unit)
    if "," in separators and (len(texts) < _FEWEST or not _all(texts, _CODES)):
        yield NumberFormat(decimal=",", unit=unit)


def _negative(texts: pa.Array) -> Negative | None:
    """The form of negative numbers other than by a hyphen in front."""
    forms = get_args(Negative)
    found = [form for form in forms if not with_hyphens(texts, form).equals(texts)]
    return found[0] if len(found) == 1 else None


def _unit(texts: pa.Array) -> str | None:
    """The one unit that texts have; of two, such as $ and €, no number comes."""
    marks = rf"[-+\d.,{_APOSTROPHES}\x{{a0}}\x{{202f}}]"
    bare = pc.utf8_trim_whitespace(pc.replace_substring_regex(texts, marks, ""))
    units = set(bare.unique().to_pylist()) - {""}
    return units.pop() if len(units) == 1 and units <= set(UNITS) else None


def _is_grouped(texts: pa.Array, separator: str) -> bool:
    """Returns True if a separator is likely to group digits.

    Where each number starts with three digits, it separates codes: 101,205. Where there
    are always three separators, it is an address of the internet. And 0,123 is a
    fraction.
    """
    if separator == "," and _any(texts, _LESS_THAN_ONE):
        return False
    mark = "[ \\x{a0}\\x{202f}]" if separator == " " else f"[{separator}]"
    grouped = texts.filter(pc.match_substring_regex(texts, rf"\d{mark}\d"))
    if separator == "." and _all(texts, r"^\d+\.\d+\.\d+\.\d+$"):
        return False
    few = len(grouped) < _FEWEST
    return few or _any(grouped, rf"(^|\D)\d{{1,2}}{mark}")


def _is_german(texts: pa.Array) -> bool:
    """Returns True if 1.909 beside 712 is one thousand nine hundred and nine.

    A fraction would have three digits by chance in each of many values, and be missing
    from others.
    """
    dotted = texts.filter(pc.match_substring(texts, "."))
    whole = texts.filter(pc.invert(pc.match_substring(texts, ".")))
    return (
        len(dotted) >= _FEWEST
        and len(whole) > 0
        and _all(dotted, _GERMAN)
        and _all(whole, _THREE_DIGITS)
    )


def _is_hash(texts: pa.Array) -> bool:
    """Returns True if texts of one length are hexadecimal, and not exponents."""
    lengths = pc.utf8_length(texts).unique()
    return len(lengths) == 1 and lengths[0].as_py() >= 6 and _any(texts, _HEXADECIMAL)


def _has(texts: pa.Array, mark: str) -> bool:
    if mark == " ":
        return _any(texts, r"\d[ \x{a0}\x{202f}]\d")
    marks = _APOSTROPHES if mark == "'" else mark
    return _any(texts, rf"\d[{marks}]")


def _any(texts: pa.Array, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(texts, pattern)).as_py())


def _all(texts: pa.Array, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(texts, pattern)).as_py())
