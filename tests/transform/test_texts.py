"""Texts in any notation, as the graph of training and serving rewrites them."""

from __future__ import annotations

import math

import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from config.errors import InputError
from config.values.canonical_text import canonical_text, vocabulary_term
from transform.texts import vocabulary_terms

notations = st.one_of(
    st.text(),
    st.sampled_from(["True", "TRUE", "true", "tRue", "False", "FALSE", "-0.0", "nan"]),
    st.from_regex(r"-?\d{1,17}(\.\d{1,17})?([eE][-+]?\d{1,2})?", fullmatch=True),
    st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=False)
    # Of small powers of two, C and Python may write the last digits differently.
    .filter(lambda number: abs(math.frexp(number)[0]) != 0.5)
    .map(repr),
)


def by_graph(texts: list[bytes]) -> list[bytes]:
    return vocabulary_terms(tf.constant(texts, tf.string)).numpy().tolist()


def by_rules(text: str) -> bytes:
    try:
        return vocabulary_term((canonical_text(text) or "").encode())
    except InputError:
        return text.encode()


@given(st.lists(notations, min_size=1))
def test_graph_rewrites_texts_by_the_rules_of_canonical_texts(texts: list[str]):
    found = by_graph([text.encode() for text in texts])
    assert found == list(map(by_rules, texts))


def test_texts_in_other_notations_are_rewritten():
    expected = {
        b"7.0": b"7",
        b"-0.0": b"0",
        b"-3.00": b"-3",
        b"1.234567890123E12": b"1234567890123",
        b"1.23E12": b"1230000000000",
        b"1.23456785E7": b"12345678.5",
        b"1.0E-4": b"0.0001",
        b"1.0E-7": b"1e-07",
        b"True": b"true",
        b"FALSE": b"false",
        b"a\nb\r": b"a\xfeb\xff",
        b"\xff\n": b"\xff\xfe",
    }
    assert by_graph(list(expected)) == list(expected.values())


def test_texts_that_are_no_other_notation_stay():
    stay = [b"4.9", b"4.10", b"4.1", b"07.0", b"12e4", b"1.", b" 7.0", b"7.0 ", b"\xff"]
    # From 2^53 on a float names no id; such a text is of no example.
    stay += [b"9007199254740992.0", b"1.0E20", b"1.0E999", b""]
    assert by_graph(stay) == stay
    # Beside one that is rewritten, too.
    assert by_graph([*stay, b"True"]) == [*stay, b"true"]
    assert by_graph([]) == []
