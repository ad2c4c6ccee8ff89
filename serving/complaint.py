"""What is wrong, said once."""

from __future__ import annotations

from collections.abc import Callable


class Complaint:
    """Says what is wrong when it begins or changes, not each time it is found."""

    def __init__(self, say: Callable[[str], object]):
        """Takes what says it."""
        self._say = say
        self._said = ""

    def say(self, words: str) -> None:
        """Says it, unless it was what was said last."""
        if words != self._said:
            self._say(words)
        self._said = words

    def clear(self) -> None:
        """Forgets it, now that all is well: if it comes back, it is said again."""
        self._said = ""
