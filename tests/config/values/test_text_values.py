"""Texts of a column as its values."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import InputError
from config.features import NumberFormat, Numeric, RawColumn
from config.values.text_values import parse_numbers, typed

NBSP, NARROW = "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("settings", "text", "expected"),
    [
        ({}, " +1.5e3 ", 1500),
        ({"thousands": ","}, "1,909", 1909),
        ({"thousands": ","}, "712", 712),
        ({"thousands": ","}, "-1,234,567.25", -1_234_567.25),
        ({"thousands": ","}, "12,34,567", 1_234_567),  # As India groups them.
        ({"thousands": ".", "decimal": ","}, "1.234,56", 1234.56),
        ({"thousands": " ", "decimal": ","}, "1 234,5", 1234.5),
        ({"thousands": " "}, f"1{NBSP}234{NARROW}567", 1_234_567),
        ({"thousands": "'"}, "1'234", 1234),
        ({"thousands": "'"}, "1\N{RIGHT SINGLE QUOTATION MARK}234", 1234),
        ({"decimal": ","}, "12,5", 12.5),
        ({"decimal": ","}, ",5", 0.5),
        ({"thousands": ",", "unit": "$"}, "$1,234", 1234),
        ({"unit": "$"}, "-$5", -5),
        ({"unit": "$"}, "$ -5", -5),
        ({"unit": "$"}, "5", 5),
        ({"unit": "%"}, "45 %", 45),
        ({"unit": "kg"}, f"3{NBSP}kg", 3),
        ({"negative": "parentheses"}, "(5)", -5),
        ({"negative": "parentheses"}, "-5", -5),
        ({"negative": "parentheses", "unit": "$"}, "$ (5)", -5),
        ({"negative": "parentheses", "unit": "%"}, "( 5 % )", -5),
        ({"negative": "minus_sign"}, "\N{MINUS SIGN}5", -5),
        ({"negative": "minus_sign", "unit": "$"}, "$\N{MINUS SIGN}5", -5),
        ({"negative": "minus_sign"}, "5e-2", 0.05),
        ({"negative": "trailing"}, "5-", -5),
        ({"negative": "trailing", "thousands": ","}, "1,234-", -1234),
    ],
)
def test_number_written_for_people(
    settings: dict[str, str], text: str, expected: float
):
    texts = pa.array([text, None])
    assert parse_numbers(texts, NumberFormat(**settings)).to_pylist() == [
        expected,
        None,
    ]


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"negative": "parentheses"}, "(-5)"),
        ({"negative": "parentheses"}, "(5"),
        ({"negative": "parentheses"}, "(5)6"),
        ({"negative": "minus_sign"}, "5\N{MINUS SIGN}6"),
        ({"negative": "trailing"}, "-5-"),
        ({"negative": "trailing"}, "5-6"),
        ({}, "(5)"),
        ({"thousands": ","}, "1,9"),
        ({"thousands": ","}, "1,2345"),
        ({"thousands": ","}, "1909,712"),
        ({"thousands": ","}, ",909"),
        ({"thousands": ","}, "1,234.5.6"),
        ({"thousands": ".", "decimal": ","}, "1,234.5"),
        ({"decimal": ","}, "1.5"),
        ({"unit": "$"}, "5 €"),
        ({"unit": "$"}, "$5$"),
        ({}, "1,909"),
        ({}, ""),
        ({}, "-"),
        ({}, "a"),
    ],
)
def test_other_text_is_refused_and_quoted(settings: dict[str, str], text: str):
    with pytest.raises(InputError) as caught:
        parse_numbers(pa.array(["7", text]), NumberFormat(**settings))
    assert repr(text) in str(caught.value)


@given(
    number=st.integers(-(10**12), 10**12),
    separators=st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]),
    unit=st.none() | st.sampled_from(["$", "%", "€", "kg", "."]),
)
def test_what_is_grouped_is_read_back(
    number: int, separators: tuple[Any, Any], unit: str | None
):
    thousands, decimal = separators
    if unit in separators:
        return
    form = NumberFormat(thousands=thousands, decimal=decimal, unit=unit)
    text = f"{number:,}".replace(",", thousands) + f"{decimal}5{unit or ''}"
    expected = number - 0.5 if text.startswith("-") else number + 0.5
    assert parse_numbers(pa.array([text]), form).to_pylist() == [expected]


def test_missing_words_are_those_of_the_column():
    texts = pa.array(["NA", "?", "3"])
    number = RawColumn(type="float", missing_values=("NA", "?"))
    assert typed(texts, number).to_pylist() == [None, None, 3.0]
    text = RawColumn(type="string", missing_values=("?",))
    assert typed(texts, text).to_pylist() == ["NA", None, "3"]


def test_separators_must_differ():
    with pytest.raises(ValueError, match="both ','"):
        Numeric(thousands=",", decimal=",")
    with pytest.raises(ValueError, match=r"both '\.'"):
        Numeric(thousands=".")
