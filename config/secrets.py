"""Secrets are masked in everything that is printed or written."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

MASK = "***"

# Up to the last `@`, since a password that is not encoded may have one. What follows a
# colon may also be a port, as in `hdfs://namenode:8020/ads@2026`, or the word by which
# we say what to type.
_IN_AUTHORITY = re.compile(r"(://[^\s:/?#@]*:)(?!\d+/|PASSWORD@)\S*@")
_IN_QUERY = re.compile(r"([?&;])([\w.-]+)=([^\s&#'\"]*)")

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+|\d+")
_SECRETS = {
    *("password", "passwd", "passphrase", "pwd", "secret", "token", "key"),
    *("credential", "credentials"),
}
# Names of a file, or of a key that a service keeps.
_NO_SECRETS = {"file", "path", "kms"}

# Blocks whose keys are names that others gave: options of Beam, environment variables.
_OPEN_BLOCKS = ("beam", "variables")


def mask_passwords(text: str) -> str:
    """The text with `***` for each password of a URL in it."""
    text = _IN_AUTHORITY.sub(rf"\1{MASK}@", text)
    return _IN_QUERY.sub(_masked_parameter, text)


def is_secret(name: str) -> bool:
    """Returns True for the name of a secret, such as `s3_secret_access_key`."""
    words = {word.lower() for word in _WORD.findall(name)}
    return bool(words & _SECRETS) and not words & _NO_SECRETS


def _masked_parameter(parameter: re.Match[str]) -> str:
    start, name, value = parameter.groups()
    return f"{start}{name}={MASK if is_secret(name) else value}"


def masked(tree: Any, path: tuple[str, ...] = ()) -> Any:
    """The same with `***` for each secret: passwords in URLs, and named secrets.

    Args:
      tree: Keys and values, or one of those values.
      path: The keys that lead there.
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
