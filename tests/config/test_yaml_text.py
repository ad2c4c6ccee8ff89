"""YAML as a person typed it, and written so that it reads back the same."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from config.yaml_text import from_yaml, to_yaml

ODD = (
    "NO no on off yes y N Y 01234 0o17 0x1F 1_000 12:30:00 1:30 2024-01-01 +5 0.10 1.0 "
    "1e3 1e-3 1E5 -0 -0.0 .5 5. .inf .nan ~ null Null true True TRUE << = ! & * ? | > "
    "- : # % @ ` ' \" [ ] { } , a:b a,b #a 1,5"
)
ODD_TEXTS = [
    *ODD.split(),
    "",
    " ",
    " leading",
    "trailing ",
    "a: b",
    "a #b",
    "\n",
    "a\nb",
    "\t",
]
TEXTS = st.one_of(
    st.sampled_from([*ODD_TEXTS, "\u00e9", "\u2028", "\x85", "\ufeff", "\U0001f600"]),
    st.from_regex(r"\A[-+]?[0-9][0-9_:.eE+-]{0,8}\Z"),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
VALUES = st.recursive(
    st.one_of(
        TEXTS,
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
    ),
    max_leaves=8,
)


TYPED = (
    "NO no on Off yes Y 01234 1_000 12:30:00 1:30 2024-01-01 2024-01-01T10:00:00Z 1e3 "
    "1E-5 0.10 +5 0x1F 0o17 0b1 True TRUE False .inf .nan -0 5. .5 = <<"
)


@pytest.mark.parametrize("text", TYPED.split())
def test_words_and_odd_numbers_are_text(text: str):
    assert from_yaml(f"a: {text}") == {"a": text}
    assert from_yaml(f"[{text}]") == [text]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("~", None),
        ("null", None),
        ("", None),
        ("-17", -17),
        ("1.0", 1.0),
        ("'5'", "5"),
    ],
)
def test_plain_numbers_and_constants_are_values(text: str, value: object):
    read = from_yaml(f"a: {text}")["a"]
    assert (read, type(read)) == (value, type(value))


def test_keys_are_text():
    read = from_yaml("{on: 1, NO: 2, 01: 3, 1: 4, true: 5, ~: 6, 1.50: 7}")
    assert list(read) == ["on", "NO", "01", "1", "true", "~", "1.50"]


@given(VALUES)
@example("2024-01-01")
@example({"k": "a..."})
@example({"NO": ["01234", "~", "null", "1:30", " a"]})
def test_written_yaml_reads_back_the_same(value: object):
    for flow in (False, True):
        assert repr(from_yaml(to_yaml(value, flow=flow))) == repr(value)


@given(st.lists(TEXTS))
def test_text_is_text_for_readers_of_yaml_1_1_too(texts: list[str]):
    assert yaml.safe_load(to_yaml(texts)) == texts


def test_a_key_that_appears_twice_is_an_error_with_both_lines():
    with pytest.raises(yaml.MarkedYAMLError) as caught:
        from_yaml("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    assert caught.value.problem_mark.line == 4
    assert "'c'" in caught.value.problem
    assert "line 3" in caught.value.problem


def test_merged_keys_may_be_overridden():
    text = (
        "base: &base {x: 0, y: 1}\n"
        "more: {inner: {a: &a {<<: *base, x: 1}}}\n"
        "b: {<<: *a}"
    )
    assert from_yaml(text)["b"] == {"x": 1, "y": 1}
