"""The canonical texts of Arrow arrays."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from config.values.canonical_text import (
    FALSE_NOTATION,
    FIRST_INEXACT,
    FLOAT_NOTATION,
    TRUE_NOTATION,
    canonical_text,
)

_REWRITTEN = f"^({FLOAT_NOTATION}|{TRUE_NOTATION}|{FALSE_NOTATION})$"
# Arrow writes as many digits as the unit of a time has.
_FRACTION = (r"(\.[0-9]*?)0+(Z|[-+][0-9]{4})?$", r"\1\2")
_EMPTY_FRACTION = (r"\.(Z|[-+][0-9]{4})?$", r"\1")


def canonical_texts(values: pa.Array) -> pa.Array:
    """The one text of each value, by the rules of `canonical_text`.

    Times are written as Arrow does, without the zeros that end a fraction of a second.

    Args:
      values: Any type that Arrow writes as text; dictionary-encoded or not.

    Returns:
      string [n], or binary [n] where the values are, which need not be UTF-8; null
      where a value is missing.

    Raises:
      InputError: A float is too large to name one integer.
      ArrowException: Arrow writes no such values as text.
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        return canonical_texts(values.dictionary).take(values.indices)
    if pa.types.is_floating(kind):
        return _texts_of_floats(values)
    if pa.types.is_decimal(kind):
        return _one_by_one(values)
    is_binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    texts = values.cast(pa.binary() if is_binary else pa.string())
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind):
        for pattern, rewrite in (_FRACTION, _EMPTY_FRACTION):
            texts = pc.replace_substring_regex(texts, pattern, rewrite)
        return texts
    is_rewritten = pc.match_substring_regex(texts, _REWRITTEN)
    return _replaced(texts, is_rewritten, _one_by_one(texts.filter(is_rewritten)))


def _texts_of_floats(values: pa.Array) -> pa.Array:
    """Whole numbers together, others one by one: string [n]."""
    if values.type == pa.float16():
        # Arrow hardly computes with float16.
        return pa.array(map(canonical_text, _scalars(values)), pa.string())
    size = values.type.bit_width // 8
    is_whole = pc.and_(
        pc.equal(pc.floor(values), values),
        pc.less(pc.abs(values), pa.scalar(FIRST_INEXACT[size], values.type)),
    )
    whole = pc.if_else(is_whole, values, None).cast(pa.int64()).cast(pa.string())
    is_other = pc.invert(is_whole)
    return _replaced(whole, is_other, _one_by_one(values.filter(is_other)))


def _one_by_one(values: pa.Array) -> pa.Array:
    """Each distinct value once: string [n]."""
    encoded = values.dictionary_encode()
    scalars = _scalars(encoded.dictionary)
    texts = pa.array(map(canonical_text, scalars), pa.string())
    return texts.take(encoded.indices)


def _scalars(values: pa.Array) -> list[object]:
    """Python's values, but floats of NumPy, which keep their width."""
    if pa.types.is_floating(values.type):
        return list(values.to_numpy(zero_copy_only=False))
    if pa.types.is_binary(values.type):
        values = values.cast(pa.string())
    scalars: list[object] = values.to_pylist()
    return scalars


def _replaced(texts: pa.Array, mask: pa.Array, others: pa.Array) -> pa.Array:
    if len(others) == 0:
        return texts
    return pc.replace_with_mask(texts, mask.fill_null(False), others.cast(texts.type))
