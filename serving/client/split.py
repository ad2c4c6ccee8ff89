"""Assignment of users to versions in an online test."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass

from config.errors import InputError

# Bits of a float's mantissa: no quotient is rounded up to 1.
_BITS = 53

Key = str | bytes | int


@dataclass(frozen=True)
class Split:
    """Shares of users by label; a user always gets the same label.

    The first 8 bytes of SHA-256 of salt and id, both in UTF-8, are read as a big-endian
    integer, whose 53 most significant bits divided by 2^53 are uniform in [0, 1). Each
    label has an interval as long as its share, in their order from 0 on; the default
    label has the rest. Raising the share of the last label therefore only moves users
    from the default label to it.

    Attributes:
      shares: Share of the users by label, such as `{"canary": 0.05}`.
      default: Label of the other users, and of users without an id.
      salt: A test with another salt assigns users independently of this one.

    Example:
      >>> Split({"canary": 0.05}).label_of("u002078")
      'stable'
    """

    shares: Mapping[str, float]
    default: str = "stable"
    salt: str = ""

    def __post_init__(self) -> None:
        for label, share in self.shares.items():
            if not label or label == self.default:
                raise InputError(
                    f"split: got the label {label!r}; allowed: any other than the "
                    f"default {self.default!r}"
                )
            if not 0.0 <= share <= 1.0:
                raise InputError(f"split: {label}: got {share:g}; allowed: 0 to 1")
        total = math.fsum(self.shares.values())
        if total > 1.0:
            raise InputError(f"split: the shares sum to {total:g}; allowed: at most 1")

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels, the default last."""
        return (*self.shares, self.default)

    def label_of(self, key: Key | None) -> str:
        """Returns the label of a user.

        Args:
          key: The user's id; an integer is the same as its digits, None no id.

        Raises:
          InputError: The id has another type, such as float.
        """
        if key is None:
            return self.default
        position = _uniform(self.salt.encode() + _as_bytes(key))
        end = 0.0
        for label, share in self.shares.items():
            end += share
            if position < end:
                return label
        return self.default


def _as_bytes(key: Key) -> bytes:
    if isinstance(key, bytes):
        return key
    if isinstance(key, bool) or not isinstance(key, str | int):
        raise InputError(
            f"split: got the id {key!r:.60} of type {type(key).__name__}; allowed: "
            "text or an integer"
        )
    return str(key).encode()


def _uniform(content: bytes) -> float:
    """Hashes bytes to a number in [0, 1)."""
    digest = hashlib.sha256(content).digest()
    number = int.from_bytes(digest[:8], "big") >> (64 - _BITS)
    return math.ldexp(number, -_BITS)
