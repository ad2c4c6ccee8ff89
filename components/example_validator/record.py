"""An anomaly as the error, the report and the summary of a run tell it."""

from __future__ import annotations

from config.base import Block


class Anomaly(Block):
    """Something about a split that the schema, or a threshold, does not allow.

    Attributes:
      split: The split.
      feature: The feature; None for the split as a whole.
      is_error: True if it stops a run.
      words: Description, with figures.
    """

    split: str
    feature: str | None
    is_error: bool
    words: str

    def in_words(self) -> str:
        """One line with split, feature and description."""
        where = "the data set" if self.feature is None else f"feature {self.feature!r}"
        return f"{self.split}: {where}: {self.words}"
