"""Record of an anomaly, for errors, reports and summaries."""

from __future__ import annotations

from config.base import Block


class Anomaly(Block):
    """Deviation of a split from the schema or from a threshold.

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
        """Formats the anomaly in one line."""
        where = "the data set" if self.feature is None else f"feature {self.feature!r}"
        return f"{self.split}: {where}: {self.words}"
