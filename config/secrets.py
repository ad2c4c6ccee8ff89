"""Secrets in a configuration, as a tree of keys and values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from config.passwords import MASK, is_secret, mask_passwords

# Their keys are names that others gave: options of Beam, environment variables.
_OPEN_BLOCKS = ("beam", "variables")


def masked(tree: Any, path: tuple[str, ...] = ()) -> Any:
    """The same with `***` for each secret.

    Args:
      tree: Keys and values, or one of those values.
      path: The keys that lead there.

    Returns:
      It without passwords in URLs, and values whose name says that they are secrets.
    """
    if isinstance(tree, dict):
        return {name: masked(value, (*path, str(name))) for name, value in tree.items()}
    if isinstance(tree, list | tuple):
        return [masked(value, path) for value in tree]
    if _is_named_secret(tree, path):
        return MASK
    return mask_passwords(tree) if isinstance(tree, str) else tree


def secrets_in(tree: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The keys that lead to each secret."""
    if isinstance(tree, dict):
        for name, value in tree.items():
            yield from secrets_in(value, (*path, name))
    elif isinstance(tree, list):
        for value in tree:
            yield from secrets_in(value, path)
    elif masked(tree, path) != tree:
        yield path


def _is_named_secret(value: object, path: tuple[str, ...]) -> bool:
    if isinstance(value, bool) or len(path) < 2:
        return False
    return path[-2] in _OPEN_BLOCKS and is_secret(path[-1])
