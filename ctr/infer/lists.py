"""Decides whether texts such as `a|b` are lists or texts that hold a delimiter."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ctr.infer.column import Column, Ints

_DELIMITERS = ("|", ";", ", ", ",", " ")
_LEAST_SHARE = 0.1  # of the values that hold the delimiter
_LEAST_REPEATED = 0.5  # of the items, those that occur in several rows
_LEAST_ELSEWHERE = 0.5  # of the items, those that occur at several places
_LEAST_ALONE = 0.9  # of the words, those that are a whole text in other rows
_STRUCTURE = r"^\s*[\[{(<]"  # of JSON or HTML, whose commas are its own
_LETTER = r"\p{L}"
_DIGIT = r"\d"


def delimiter_of(column: Column) -> str | None:
    """Finds the separator of the lists in a column of texts; None in other texts.

    A list has items that come again in other rows, and is of several lengths or has the
    same items at several places. `Springfield, IL` has neither: its parts are two
    features, or one.
    """
    texts = column.items
    if pc.mean(pc.match_substring_regex(texts, _STRUCTURE)).as_py() > _LEAST_SHARE:
        return None
    for delimiter in _DELIMITERS:
        share = pc.mean(pc.match_substring(texts, delimiter)).as_py()
        if share >= _LEAST_SHARE and _are_lists(texts, delimiter, column.distinct):
            return delimiter
    return None


def _are_lists(texts: pa.Array, delimiter: str, distinct: int) -> bool:
    lists = pc.split_pattern(texts, delimiter)
    lengths = pc.list_value_length(lists).to_numpy()
    items = pc.utf8_trim_whitespace(pc.list_flatten(lists))
    counts = items.value_counts().field(1).to_numpy()
    if delimiter == " " and not _are_ids(items) and not _stand_alone(texts, lists):
        return False  # Names and sentences have blanks, too.
    # Commas and blanks are in texts, too: they separate items only if these come again.
    repeats = 1 if delimiter in ("|", ";") else 2
    if repeats * len(counts) > distinct or np.mean(counts > 1) < _LEAST_REPEATED:
        return False
    has_letters = pc.any(pc.match_substring_regex(items, _LETTER)).as_py()
    if delimiter == "," and not has_letters and lengths.max() <= 2:
        return False  # Numbers have commas too, but one of a kind.
    if len(np.unique(lengths)) > 2:
        return True
    return _share_elsewhere(items, lengths) >= _LEAST_ELSEWHERE


def _are_ids(items: pa.Array) -> bool:
    """Returns True if each item has a digit, as N55689 has."""
    return bool(pc.all(pc.match_substring_regex(items, _DIGIT)).as_py())


def _stand_alone(texts: pa.Array, lists: pa.Array) -> bool:
    """Returns True for items such as genres: all of a text elsewhere, once in each."""
    items, rows = lists.flatten(), pc.list_parent_indices(lists)
    pairs = pa.table({"row": rows, "item": items}).group_by(["row", "item"])
    if pairs.aggregate([]).num_rows < len(items):
        return False
    return pc.mean(pc.is_in(items, value_set=texts)).as_py() >= _LEAST_ALONE


def _share_elsewhere(items: pa.Array, lengths: Ints) -> float:
    """Of the distinct items, the share of those at several places of their lists."""
    starts = np.repeat(np.cumsum(lengths) - lengths, lengths)
    places = np.arange(len(items)) - starts
    codes = items.dictionary_encode().indices.to_numpy()
    pairs = np.unique(np.stack([codes, places]), axis=1)[0]
    return float(np.mean(np.bincount(pairs) > 1))
