"""The rows sampled, beside all rows."""

from __future__ import annotations

from dataclasses import dataclass

from ctr.infer.column import Ints, has_both


@dataclass(frozen=True)
class Rows:
    """The rows sampled.

    Attributes:
      labels: The label of each row.
      total: Number of rows in all files.
    """

    labels: Ints
    total: int

    @property
    def share(self) -> float:
        """The share of all rows that is sampled."""
        return len(self.labels) / self.total

    @property
    def are_all(self) -> bool:
        """True if no row is left out."""
        return self.total <= len(self.labels)

    @property
    def have_both(self) -> bool:
        """True if both labels have enough rows for an AUC."""
        return has_both(self.labels)
