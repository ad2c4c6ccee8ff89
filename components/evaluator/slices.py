"""Slices of examples: as keys to work with, and as names for people."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from config.values.canonical_text import canonical_text, number_text

# The features of a slice with their values as text, sorted.
SliceKey = tuple[tuple[str, str], ...]

OVERALL: SliceKey = ()
OVERALL_NAME = "overall"

# Below this a slice's figures are mostly noise.
FEWEST_EXAMPLES = 100

_QUOTED = r'"(?:[^"\\]|\\.)*"'
_FEATURE = re.compile(rf'(?:^|, )([^=,"]+|{_QUOTED})=(?:{_QUOTED}|[^,"]*)')


def slice_key(values: Iterable[tuple[str, object]]) -> SliceKey:
    """The key of a slice, the same whatever types its values came in.

    TFMA gives float32 values where a gate has integers or doubles, and a gate may
    give the number 10115 for a postal code that is text.

    Args:
      values: Features with their values; none for all examples.
    """
    return tuple(sorted((feature, _as_text(value)) for feature, value in values))


def slice_name(key: SliceKey) -> str:
    """The name of a slice: `overall`, or such as `city=Rome, device=phone`."""
    if key == OVERALL:
        return OVERALL_NAME
    return ", ".join(
        f"{slicing_name([feature])}={_quoted(text, among=',')}" for feature, text in key
    )


def slicing_name(features: Iterable[str]) -> str:
    """The name of the slices by some features, such as `city, device`."""
    return ", ".join(_quoted(feature, among=",=") for feature in sorted(features))


def slicing_of(name: str) -> str:
    """The slicing of a slice's name: `city, device` of `city=Rome, device=phone`."""
    return ", ".join(_FEATURE.findall(name))


def _as_text(value: object) -> str:
    if isinstance(value, float):
        return number_text(value)
    return canonical_text(value) or ""


def _quoted(text: str, among: str) -> str:
    """In quotation marks where it has a character that could be misread."""
    ambiguous = any(char in text for char in (*among, '"'))
    return json.dumps(text, ensure_ascii=False) if ambiguous else text
