"""Texts of raw features as a vocabulary has them."""

from __future__ import annotations

import tensorflow as tf

from config.values.canonical_text import (
    FALSE_NOTATION,
    FIRST_INEXACT,
    FLOAT_NOTATION,
    LINE_BREAKS,
    TRUE_NOTATION,
)

# \C is any byte: a text need not be UTF-8.
_REWRITTEN = rf"{FLOAT_NOTATION}|{TRUE_NOTATION}|{FALSE_NOTATION}|\C*[\n\r]\C*"
# With 15 digits C writes the fewest that give the same float, if so many do.
_DIGITS = (15, 16)
_MOST_DIGITS = 17


def vocabulary_terms(texts: tf.Tensor) -> tf.Tensor:
    """The canonical texts as a vocabulary has them: string [values], in one line each.

    ExampleGen and our client send canonical texts; other clients send what they like.
    """

    def rewritten() -> tf.Tensor:
        terms = canonical_texts(texts)
        for line_break, byte in LINE_BREAKS.items():
            terms = tf.strings.regex_replace(terms, line_break, byte)
        return terms

    is_rewritten = tf.strings.regex_full_match(texts, _REWRITTEN)
    return tf.cond(tf.reduce_any(is_rewritten), rewritten, lambda: texts)


def canonical_texts(texts: tf.Tensor) -> tf.Tensor:
    """The texts by the rules of `config.values.canonical_text`: string [values].

    What these rules make an error of, since it names no id, stays as it is: training
    has seen no such text, so that it is an unknown one.
    """
    is_float = tf.strings.regex_full_match(texts, FLOAT_NOTATION)
    texts = tf.where(is_float, _texts_of_floats(texts, is_float), texts)
    texts = tf.strings.regex_replace(texts, f"^({TRUE_NOTATION})$", "true")
    return tf.strings.regex_replace(texts, f"^({FALSE_NOTATION})$", "false")


def _texts_of_floats(texts: tf.Tensor, is_float: tf.Tensor) -> tf.Tensor:
    numbers = tf.strings.to_number(tf.where(is_float, texts, "0"), tf.float64)
    is_whole = tf.equal(tf.floor(numbers), numbers)
    whole = tf.strings.as_string(tf.cast(numbers, tf.int64))
    rewritten = tf.where(is_whole, whole, _shortest(numbers))
    return tf.where(tf.abs(numbers) < FIRST_INEXACT[8], rewritten, texts)


def _shortest(numbers: tf.Tensor) -> tf.Tensor:
    """The shortest texts of the same floats, as Python writes fractions.

    Of some powers of two, from 2^-24 down, they have a digit more.
    """
    shortest = tf.strings.as_string(numbers, precision=_MOST_DIGITS, shortest=True)
    for digits in reversed(_DIGITS):
        shorter = tf.strings.as_string(numbers, precision=digits, shortest=True)
        is_same = tf.equal(tf.strings.to_number(shorter, tf.float64), numbers)
        shortest = tf.where(is_same, shorter, shortest)
    return shortest
