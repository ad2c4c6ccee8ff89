"""Masks passwords in everything that is printed or written."""

from __future__ import annotations

import re

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
