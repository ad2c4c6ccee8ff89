"""Names of columns in TensorFlow."""

from __future__ import annotations

import inspect
import keyword
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from config.names import is_column_name, tensor_name

# What TensorFlow takes for the name of an operation at the top of a graph.
OPERATION = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")

plain = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,20}", fullmatch=True)
awkward = st.text(st.sampled_from("aA_0-./ 2€"), min_size=1, max_size=6)
reserved = st.sampled_from(["self", *keyword.kwlist])
names = st.one_of(
    plain,
    awkward,
    reserved,
    # Names that look like those of others in TensorFlow.
    st.one_of(awkward, reserved).map(tensor_name),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=300),
)


@given(one=names, other=names)
@example("City Name", "City_20Name")
@example("City Name", "City_Name")
@example("City Name", "utf8__City_20Name")
@example("age", "Age")
@example("é", "e\u0301")
@example("x" * 200, "x" * 201)
@example("x" * 400, "x" * 401)
@example("€" * 100, "€" * 101)
def test_two_names_never_have_the_same_tensor_name(one: str, other: str):
    assert (tensor_name(one) == tensor_name(other)) == (one == other)


@given(name=names)
def test_a_tensor_name_is_valid_wherever_tensorflow_wants_one(name: str):
    tensor = tensor_name(name)
    assert OPERATION.fullmatch(tensor)
    assert len(tensor) <= 200
    # Raises ValueError for what is no name of an argument.
    inspect.Parameter(tensor, inspect.Parameter.KEYWORD_ONLY)
    assert tensor != "self"


@given(name=plain.filter(lambda name: not keyword.iskeyword(name)))
@example("examples")
@example("inputs")
@example("name")
@example("training")
@example("x" * 200)
def test_an_identifier_stands_for_itself(name: str):
    assert name == "self" or name.startswith("utf8__") or tensor_name(name) == name


@pytest.mark.parametrize(
    ("name", "tensor"),
    [
        ("City Name", "utf8__City_20Name"),
        ("user-id", "utf8__user_2Did"),
        ("first_name", "first_name"),
        ("first_name ", "utf8__first_5Fname_20"),
        ("2nd", "utf8__2nd"),
        ("_id", "utf8___5Fid"),
        ("€", "utf8___E2_82_AC"),
        ("self", "utf8__self"),
        ("class", "utf8__class"),
    ],
)
def test_tensor_names_stay_as_they_are_in_released_models(name: str, tensor: str):
    assert tensor_name(name) == tensor


@pytest.mark.parametrize(
    "name", ["", "a\nb", "a\tb", "\x00", "a\x7f", "\u2028", "__raw_record__"]
)
def test_unusable_names_are_no_column_names(name: str):
    assert not is_column_name(name)


@pytest.mark.parametrize(
    "name", [" ", "__raw_record__2", "self", "a.b", "a/b", "..", '"', "😀", "é"]
)
def test_other_names_are_column_names(name: str):
    assert is_column_name(name)
