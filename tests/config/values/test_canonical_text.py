"""One text for a value, whatever type, width or notation it arrives in."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.errors import InputError
from config.values.canonical_array import canonical_texts
from config.values.canonical_text import (
    canonical_text,
    number_text,
    text_of_term,
    vocabulary_term,
)

EXACT_FLOAT32 = 2**24 - 1
EXACT = 2**53 - 1

INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64()]
UNSIGNED = [pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
TEXTS = [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()]


def one(value: object, kind: pa.DataType) -> object:
    """The text of a value of an Arrow type, which a dictionary does not change."""
    array = pa.array([None, value], kind)
    texts = canonical_texts(array).cast(pa.string()).to_pylist()
    if kind != pa.float16():
        encoded = canonical_texts(array.dictionary_encode())
        assert encoded.cast(pa.string()).to_pylist() == texts
    assert texts[0] is None
    return texts[1]


def forms_of_whole(number: int) -> set[object]:
    """The texts of a whole number in all forms that hold it."""
    texts = {canonical_text(number), canonical_text(str(number))}
    for kind in (*INTEGERS, *UNSIGNED):
        low = 0 if kind in UNSIGNED else -(2 ** (kind.bit_width - 1))
        if low <= number < low + 2**kind.bit_width:
            texts.add(one(number, kind))
    decimals = [Decimal(number), Decimal(f"{number}.00")]
    texts.update(canonical_text(each) for each in decimals)
    texts.update(one(each, pa.decimal128(38, 2)) for each in decimals)
    texts.update(one(str(number), kind) for kind in TEXTS)
    if abs(number) > EXACT:
        return texts
    texts.update(
        (
            canonical_text(float(number)),
            canonical_text(np.float64(number)),
            one(float(number), pa.float64()),
            canonical_text(f"{number}.0"),
            canonical_text(f"{number}.000"),
            # As Java writes doubles.
            canonical_text(np.format_float_scientific(number, trim="0", exp_digits=1)),
        )
    )
    texts.update(one(f"{number}.0", kind) for kind in TEXTS)
    if abs(number) <= EXACT_FLOAT32:
        texts.update((canonical_text(np.float32(number)), one(number, pa.float32())))
    return texts


@given(
    st.integers(-(2**63), 2**64 - 1)
    | st.integers(-EXACT, EXACT)
    | st.integers(-300, 300)
)
def test_whole_number_has_one_text_in_all_forms(number: int):
    assert forms_of_whole(number) == {str(number)}


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_float_is_named_by_the_shortest_text_of_its_width(number: float):
    if number.is_integer():
        return
    text = canonical_text(np.float32(number))
    assert text is not None
    assert np.float32(text) == np.float32(number)
    assert one(number, pa.float32()) == text
    # What a file of text holds, and a double of the same text.
    assert canonical_text(text) == text
    assert one(float(text), pa.float64()) == canonical_text(float(text)) == text


@given(st.decimals(-1000, 1000, places=3))
def test_decimal_and_double_have_one_text(number: Decimal):
    assert canonical_text(number) == canonical_text(float(number)) or abs(number) < 1e-4
    assert one(number, pa.decimal128(20, 6)) == canonical_text(number)


@given(
    st.text() | st.from_regex(r"-?\d{1,3}(\.\d{1,3})?([eE]-?\d{1,2})?", fullmatch=True)
)
def test_rules_applied_twice_change_nothing(text: str):
    try:
        once = canonical_text(text)
    except InputError:
        return
    assert canonical_text(once) == once
    assert one(text, pa.string()) == once


@pytest.mark.parametrize(
    "text",
    [
        *(
            "01234",
            "12e4",
            "68540e10",
            "1.50",
            "4.1",
            "4.10",
            "4.9",
            "0123.0",
            "1.",
            ".5",
            "+5",
            " 1.0",
        ),
        *("1.0\n", "nan", "tRue", "1,0", "\N{ARABIC-INDIC DIGIT ONE}.0"),
        *("e\u0301", "\u00e9"),
    ],
)
def test_other_text_stays_as_it_is_typed(text: str):
    assert canonical_text(text) == text
    assert one(text, pa.string()) == text


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([True, "True", "TRUE", "true", np.True_], "true"),
        ([False, "False", "FALSE", "false", np.False_], "false"),
        ([0, -0.0, "-0.0", np.float32(-0.0), Decimal("-0.00")], "0"),
        ([1e-7, "1e-07", "1.0E-7", np.float64(1e-7)], "1e-07"),
        ([0.1, np.float32(0.1), np.float16(0.1), "0.1", Decimal("0.10")], "0.1"),
        ([None, float("nan"), float("inf"), np.float32("nan"), Decimal("NaN")], None),
    ],
)
def test_values_that_are_equal_have_one_text(values: list[object], expected: str):
    assert [canonical_text(value) for value in values] == [expected] * len(values)


def test_booleans_of_a_file_are_those_of_a_text():
    assert one(True, pa.bool_()) == one("TRUE", pa.string()) == "true"
    assert one(False, pa.bool_()) == one(b"False", pa.binary()) == "false"


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (2.0**53, pa.float64()),
        (-(2.0**60), pa.float64()),
        (2.0**24, pa.float32()),
        (np.float16(2048), pa.float16()),
        ("9007199254740992.0", pa.string()),
        ("1.0E20", pa.string()),
        ("1.0E999", pa.string()),
    ],
)
def test_float_that_several_integers_share_is_refused(value: object, kind: pa.DataType):
    with pytest.raises(InputError):
        one(value, kind)


@pytest.mark.parametrize("value", [b"bytes", [1], object(), 1j])
def test_what_is_no_value_is_refused(value: object):
    with pytest.raises(TypeError):
        canonical_text(value)


def test_time_has_one_text_in_all_units():
    for unit in ("s", "ms", "us", "ns"):
        times = pa.array([1_700_000_000], pa.timestamp("s")).cast(pa.timestamp(unit))
        assert canonical_texts(times).to_pylist() == ["2023-11-14 22:13:20"]
    half = pa.array([1_700_000_000_500], pa.timestamp("ms"))
    assert canonical_texts(half).to_pylist() == ["2023-11-14 22:13:20.5"]


def test_bytes_that_are_not_utf8_stay():
    values = pa.array([b"\xff", b"1.0", b""])
    assert canonical_texts(values).to_pylist() == [b"\xff", b"1", b""]


def test_chunks_that_are_empty_or_without_type_have_no_text():
    assert canonical_texts(pa.nulls(2)).to_pylist() == [None, None]
    for kind in (*INTEGERS, *TEXTS, pa.float32(), pa.bool_(), pa.decimal128(5, 2)):
        assert len(canonical_texts(pa.array([], kind))) == 0


@given(st.text())
@example("a\nb")
@example("\r\n")
def test_term_of_a_vocabulary_is_one_line_and_stands_for_its_text(text: str):
    term = vocabulary_term(text.encode())
    assert text_of_term(term) == text
    assert not set(term) & set(b"\n\r")


@given(st.floats(width=32, allow_nan=False))
def test_text_of_a_number_gives_the_same_float(number: float):
    text = number_text(number)
    assert np.float32(text) == np.float32(number)
    assert number_text(float(text)) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.10, "0.1"),
        (float(np.float32(0.1)), "0.1"),
        (7.0, "7"),
        (-0.0, "0"),
        (-18.5, "-18.5"),
        (1e10, "10000000000"),
        (2.0**24 + 1, "16777216"),
        (1e-7, "1e-07"),
        (1e39, "inf"),
        (float("nan"), "nan"),
    ],
)
def test_number_has_the_text_of_a_float_of_32_bits(number: float, text: str):
    assert number_text(number) == text
