"""The one text of a value, however it arrives.

Files and clients write an id as an integer, a double, a decimal or a text; training,
splits, slices and serving compare texts. The rules, by what a value arrives as:

- an integer: its decimal digits;
- a whole float: the digits of the integer, and `0` for -0.0; from 2^53 on (2^24 for
  float32, 2^11 for float16) a float is shared by several integers and names none of
  them, which is an error;
- another float: the shortest text that gives the same float of its width, as Python
  writes it (`0.1`, `1e-07`);
- NaN and infinity: missing, as for numeric features;
- a decimal: plain digits without trailing zeros (`1.50` is `1.5`);
- a boolean: `true` or `false`;
- a text that is a float in another notation, which is a whole number with a point
  (`123.0`) or has a point and an exponent (`1.234567890123E12`): as that float;
- `True`, `TRUE`, `False` and `FALSE`: as the boolean;
- any other text, such as `01234`, `12e4`, `1.50` or ` a`: as it is, without
  normalisation of blanks or Unicode.

Applying the rules twice changes nothing.
"""

from __future__ import annotations

import math
import re
import struct
from decimal import Decimal
from numbers import Integral, Real

from config.errors import InputError

# Regular expressions of both Python and RE2.
FLOAT_NOTATION = r"-?(0|[1-9][0-9]*)\.(0+|[0-9]+[eE][-+]?[0-9]+)"
TRUE_NOTATION, FALSE_NOTATION = "True|TRUE", "False|FALSE"

# The smallest whole number that a float shares with another integer, by bytes.
FIRST_INEXACT = {2: 2**11, 4: 2**24, 8: 2**53}

# Lines of a vocabulary file are ended by these two; no byte of UTF-8 is 0xfe or 0xff.
LINE_BREAKS = {b"\n": b"\xfe", b"\r": b"\xff"}

# Texts of booleans, and those booleans.
BOOLEANS = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

_FLOAT_NOTATION = re.compile(FLOAT_NOTATION)


def canonical_text(value: object) -> str | None:
    """The one text of a value; None where it is missing.

    Args:
      value: A text, a number or a boolean of Python or NumPy, a Decimal or None.

    Raises:
      InputError: A float is too large to name one integer.
      TypeError: It is none of these.
    """
    if isinstance(value, str):
        return _text_of_text(value)
    if value is None:
        return None
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return "true" if value else "false"
    if isinstance(value, Integral):
        return str(int(value))
    if isinstance(value, Decimal):
        return _text_of_decimal(value)
    if isinstance(value, Real):
        return _text_of_float(value)
    raise TypeError(f"expected text, a number or a boolean, got {type(value).__name__}")


def number_text(value: float) -> str:
    """The one text of a value of a numeric feature, which is a float of 32 bits.

    The shortest that gives the same float. Here a large float stands for itself, since
    it is a quantity and names no id; one beyond 32 bits is infinite.
    """
    number = _as_float32(value)
    texts = (f"{number:.{digits}g}" for digits in range(1, 10))
    # NaN equals nothing.
    shortest = next(
        (text for text in texts if _as_float32(float(text)) == number), "nan"
    )
    return _digits(float(shortest))


def vocabulary_term(text: bytes) -> bytes:
    """A text as it stands in a vocabulary file, which has a line for each term."""
    for line_break, byte in LINE_BREAKS.items():
        text = text.replace(line_break, byte)
    return text


def text_of_term(term: bytes) -> str:
    """The text that a term of a vocabulary file stands for.

    What is not UTF-8, which only a vocabulary of other origin holds, is escaped.
    """
    for line_break, byte in LINE_BREAKS.items():
        term = term.replace(byte, line_break)
    return term.decode("utf-8", "backslashreplace")


def _text_of_text(text: str) -> str:
    if _FLOAT_NOTATION.fullmatch(text):
        number = float(text)
        if abs(number) >= FIRST_INEXACT[8]:
            raise _inexact(text, 8)
        return _digits(number)
    return text.lower() if text in BOOLEANS else text


def _text_of_float(value: Real) -> str | None:
    # A NumPy float says its bytes, and its text is the shortest of its width.
    size = getattr(value, "itemsize", 8)
    if not math.isfinite(value):
        return None
    if float(value).is_integer() and abs(float(value)) >= FIRST_INEXACT[size]:
        raise _inexact(str(value), size)
    return _digits(float(str(value)))


def _as_float32(value: float) -> float:
    try:
        number: float = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return number


def _digits(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def _text_of_decimal(value: Decimal) -> str | None:
    if not value.is_finite():
        return None
    text = format(value, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def _inexact(text: str, size: int) -> InputError:
    return InputError(
        f"got {text}, which names no id: from {FIRST_INEXACT[size]:,} on a float of "
        f"{8 * size} bits stands for several integers; write such ids as integers or "
        "as text (without a decimal point)"
    )
