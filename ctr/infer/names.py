"""Kinds of columns by their names."""

from __future__ import annotations

import re
from typing import Literal

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
