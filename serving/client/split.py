"""Which users are served by which version, in an online test."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from config.errors import InputError

# As many bits as a float has digits for, so that no number is rounded up to 1.
_BITS = 53

Key = str | bytes | int


@dataclass(frozen=True)
class Split:
    """Shares of users by label; a user always falls into the same one.

    The first 8 bytes of SHA-256 of the salt and the id, both in UTF-8, are a number
    (the most significant byte first) of which the 53 most significant bits, divided by
    2^53, are uniform in [0, 1). The labels have intervals of it from 0 on, in their
    order, each as long as its share; the default label has the rest. So raising the
    share of the last label only moves users to it, from the default one.

    Attributes:
      shares: Share of the users by label, such as `{"canary": 0.05}`.
      default: The label of all others, and of who has no id.
      salt: Another one deals the users out anew, for a test that is to be independent
        of those before.
    """

    shares: Mapping[str, float]
    default: str = "stable"
    salt: str = ""

    def __post_init__(self) -> None:
        """Checks the shares."""
        for label, share in self.shares.items():
            if not label or label == self.default:
                raise InputError(
                    f"split: got {label!r}; allowed: labels other than that of the "
                    f"rest, {self.default!r}"
                )
            if not 0.0 <= share <= 1.0:
                raise InputError(f"split: {label}: got {share:g}; allowed: 0 to 1")
        total = math.fsum(self.shares.values())
        if total > 1.0:
            raise InputError(f"split: the shares sum up to {total:g}; allowed: up to 1")

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels."""
        return (*self.shares, self.default)

    def label_of(self, key: Key | None) -> str:
        """The label of a user.

        Args:
          key: The id; a whole number is as its digits. None is no id.

        Raises:
          InputError: It is something else, such as a float.
        """
        if key is None:
            return self.default
        place = _uniform(self.salt.encode() + _as_bytes(key))
        end = 0.0
        for label, share in self.shares.items():
            end += share
            if place < end:
                return label
        return self.default


def _as_bytes(key: Key) -> bytes:
    if isinstance(key, bytes):
        return key
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise InputError(
            f"split: got {type(key).__name__} {key!r:.60} as id; allowed: text or a "
            "whole number"
        )
    return str(key).encode()


def _uniform(content: bytes) -> float:
    """A number in [0, 1)."""
    digest = hashlib.sha256(content).digest()
    number = int.from_bytes(digest[:8], "big") >> (64 - _BITS)
    return math.ldexp(number, -_BITS)
