"""Differences between two configurations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pydantic

from config.names import as_key
from config.yaml_text import to_yaml


class Change(pydantic.BaseModel):
    """A key that two configurations do not have alike.

    Attributes:
      key: Path of the key.
      before: Value in the first, as YAML; None where it lacks the key.
      now: Value in the second.
    """

    key: str
    before: str | None
    now: str | None


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[Change, ...]:
    """The keys that differ, in order."""
    old, new = dict(_leaves(before)), dict(_leaves(now))
    return tuple(
        Change(key=key, before=_as_text(old, key), now=_as_text(new, key))
        for key in sorted(old.keys() | new.keys())
        if key not in old or key not in new or old[key] != new[key]
    )


def _leaves(block: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in block.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{path}{as_key(name)}.")
        else:
            yield f"{path}{as_key(name)}", value


def _as_text(leaves: Mapping[str, Any], key: str) -> str | None:
    if key not in leaves:
        return None
    return to_yaml(leaves[key], flow=True).strip()
