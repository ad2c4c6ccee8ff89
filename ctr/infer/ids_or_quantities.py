"""Decides whether a column of whole numbers holds ids or quantities."""

from __future__ import annotations

import re
from typing import Literal

import numpy as np

from ctr.infer.column import Column, Ints
from ctr.infer.held_out import STANDARD_ERRORS, HeldOut

Meaning = Literal["id", "quantity"]

_CODE_WORDS = set(
    "id ids idx uid uuid guid code key hash no nr zip zipcode postcode postal tract "  # noqa: SIM905
    "area region zone district state city country dma category cat cate type class "
    "seg segment cluster group tag channel user visitor customer member device cookie "
    "session request impression order account item product sku asin ean isbn pid ad "
    "adgroup advertiser campaign camp creative banner publisher site page domain app "
    "brand vendor seller shop store merchant hotel restaurant movie film book song "
    "track artist album video show author article news post query keyword term ip port "
    "os browser carrier model version ver release firmware build language lang "
    "c".split()
)
_VERSION_WORDS = {"version", "ver", "release", "firmware", "build", "os"}
_QUANTITY_WORDS = set(
    "age price cost fare fee tip tips bid budget amount value revenue income salary "  # noqa: SIM905
    "wage gain loss profit balance total sum mean average avg median min max count "
    "counts cnt times quantity qty size length width height depth weight "
    "distance miles km duration dwell delay latency time seconds secs sec "
    "minutes mins hours days weeks months years score rating rate ratio share percent "
    "pct probability rank likes views clicks impressions visits orders sales stock "
    "temperature speed lat latitude lon lng longitude".split()
)
_PREPOSITIONS = {"per", "on", "of", "in", "by", "since", "to", "from", "at", "for"}
_OCCASIONS = set(
    "session request impression display search auction pageview visit".split()  # noqa: SIM905
)
_MOST_LEVELS = 31  # days of a month; hours, positions and months are fewer
_FEWEST_DIGITS = 12  # of what nobody counts
_FEWEST_SPREAD = 100  # values that may be spread evenly by more than chance
_LARGEST_SPREAD = 0.1  # of codes such as 15,701 to 15,912, as a share of them
_FEWEST_ROWS_A_VALUE = 5
_RANGES = 50
_LARGEST_DISTANCE = 0.05

_ID_ENDING = re.compile(r"(?P<of>[a-z]+?)ids?")


def named_meaning(name: str) -> Meaning | None:
    """Infers the meaning of numbers from the name of a column; None if unknown."""
    words = [word for word in words_of(name) if not word.isdigit()]
    if not words:
        return None
    if _QUANTITY_WORDS.intersection([words[-1], *_before_preposition(words)]):
        return "quantity"
    ending = _ID_ENDING.fullmatch(words[-1])
    if words[-1] in _CODE_WORDS or (ending and ending["of"] in _CODE_WORDS):
        return "id"
    return None if _QUANTITY_WORDS.isdisjoint(words) else "quantity"


def _before_preposition(words: list[str]) -> list[str]:
    """The part that `clicks_per_user` is about; nothing without a preposition."""
    places = [place for place, word in enumerate(words) if word in _PREPOSITIONS]
    return words[: places[0]] if places else []


def names_occasion(name: str) -> bool:
    """Returns True for the id of a request, a session or the like."""
    ending = _ID_ENDING.fullmatch("".join(words_of(name)))
    return ending is not None and ending["of"] in _OCCASIONS


def names_version(name: str) -> bool:
    """Returns True for a version, whose parts are counted each by itself."""
    return not _VERSION_WORDS.isdisjoint(words_of(name)[-1:])


def words_of(name: str) -> list[str]:
    """The lower-case words of a name: `userID` and `user_id` have two."""
    return re.findall(r"[a-z]+|\d+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower())


def id_reason(column: Column, labels: Ints) -> str | None:
    """Returns the reason why whole numbers are names; None for quantities."""
    if column.number_format is not None or column.distinct < 2:
        return None  # Nobody groups the digits of an id.
    meaning = named_meaning(column.name)
    if meaning == "id":
        return "an id by its name"
    if _has_levels(column, far_apart=meaning is None):
        return "each is a category"
    if meaning == "quantity":
        return None
    low, high = column.numbers.min(), column.numbers.max()
    digits = len(f"{max(abs(low), abs(high)):.0f}")
    if digits >= _FEWEST_DIGITS:
        return f"{digits} digits"
    if high - low < _LARGEST_SPREAD * min(abs(low), abs(high)):
        return "close together and far from 0, as codes are"
    if column.present >= _FEWEST_ROWS_A_VALUE * column.distinct:
        in_ranges = HeldOut(labels, [column.codes(_RANGES)])
        errors = in_ranges.gain(column.codes(None)).errors
        if errors > STANDARD_ERRORS:
            return (
                f"each tells more than {_RANGES} ranges ({errors:.0f} standard errors)"
            )
    if column.distinct >= _FEWEST_SPREAD and _distance(column) < _LARGEST_DISTANCE:
        return "spread evenly, as ids are"
    return None


def _has_levels(column: Column, *, far_apart: bool) -> bool:
    """Returns True if whole numbers are few, such as hours."""
    if column.distinct > min(_MOST_LEVELS, max(2, column.present / 20)):
        return False
    span = column.numbers.max() - column.numbers.min() + 1
    return far_apart or column.distinct <= 2 or bool(span <= 2 * column.distinct)


def _distance(column: Column) -> float:
    """Kolmogorov's distance of the values from an even spread over their range."""
    ordered = np.sort(column.numbers)
    even = (ordered - ordered[0]) / (ordered[-1] - ordered[0])
    steps = np.arange(1, len(ordered) + 1) / len(ordered)
    return float(np.max(np.abs(even - steps)))
