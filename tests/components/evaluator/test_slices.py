"""Keys and names of slices."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.evaluator.slices import (
    OVERALL,
    slice_key,
    slice_name,
    slicing_name,
    slicing_of,
)


@pytest.mark.parametrize(
    ("given", "measured"),
    [
        ({"city": "Rome"}, {"city": "Rome"}),
        # TFMA gives float32 values of numbers.
        ({"age": 30}, {"age": 30.0}),
        ({"price": 0.1}, {"price": float(np.float32(0.1))}),
        ({"price": 1234.5}, {"price": float(np.float32(1234.5))}),
        ({"price": 0.0}, {"price": -0.0}),
        # Text that a YAML file reads as a number.
        ({"zip": 10115}, {"zip": "10115"}),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_the_type_of_a_value_and_the_order_do_not_matter(given, measured):
    assert slice_key(given.items()) == slice_key(measured.items())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"city": "Rome"}, {"city": "rome"}),
        ({"city": "Rome"}, {"town": "Rome"}),
        ({"age": 30}, {"age": 30.5}),
        # Neighbours among the floats of 32 bits.
        ({"age": 1048576.0}, {"age": 1048576.125}),
        ({"city": ""}, {}),
        ({"a": "x, b=y"}, {"a": "x", "b": "y"}),
        ({"a": '"x"'}, {"a": "x"}),
        ({"a": "b=x"}, {"a=b": "x"}),
        ({"a": "1", "b": "2"}, {"a=1, b": "2"}),
        ({'"a"': "x"}, {"a": "x"}),
    ],
)
def test_other_slices_have_other_keys_and_names(one, other):
    keys = slice_key(one.items()), slice_key(other.items())

    assert keys[0] != keys[1]
    assert slice_name(keys[0]) != slice_name(keys[1])


@pytest.mark.parametrize(
    ("values", "name"),
    [
        ({}, "overall"),
        ({"device": "phone", "city": "Rome"}, "city=Rome, device=phone"),
        ({"city": "Credit Card"}, "city=Credit Card"),
        ({"City Name": "Rome"}, "City Name=Rome"),
        ({"a=b": "x"}, '"a=b"=x'),
        ({"income": "<=50K"}, "income=<=50K"),
        ({"age": 30.0}, "age=30"),
        ({"city": "a, b=c"}, 'city="a, b=c"'),
        ({"city": "Zürich, Süd"}, 'city="Zürich, Süd"'),
    ],
)
def test_names_are_what_a_person_would_write(values, name):
    assert slice_name(slice_key(values.items())) == name


def test_all_examples_are_the_slice_without_values():
    assert slice_key([]) == OVERALL


TEXTS = st.text('ab ,="\\\n')


@given(st.dictionaries(TEXTS.filter(bool), TEXTS, max_size=3))
def test_the_slicing_is_read_off_the_name(values):
    name = slice_name(slice_key(values.items()))

    assert slicing_of(name) == slicing_name(values)


def test_quoted_values_are_json():
    name = slice_name(slice_key([("city", 'the "a, b" = c')]))

    assert json.loads(name.removeprefix("city=")) == 'the "a, b" = c'
