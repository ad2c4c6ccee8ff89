"""The rows sampled, beside all rows."""

from __future__ import annotations

from dataclasses import dataclass

from ctr.infer.column import Ints, has_both


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

    @property
    def have_both(self) -> bool:
        """Whether an AUC says something: there are rows enough of both labels."""
        return has_both(self.labels)
