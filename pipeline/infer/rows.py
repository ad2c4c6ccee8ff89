"""The rows sampled, beside all rows."""

from __future__ import annotations

from dataclasses import dataclass

from pipeline.infer.column import Ints


@dataclass(frozen=True)
class Rows:
    """The rows sampled.

    Attributes:
      labels: The label of each row.
      total: How many rows all files have.
    """

    labels: Ints
    total: int

    @property
    def share(self) -> float:
        """The share of all rows that is sampled."""
        return len(self.labels) / self.total

    @property
    def are_all(self) -> bool:
        """Whether no row is left out."""
        return self.total <= len(self.labels)
