"""Scored examples, counted in bins: all that figures, intervals and curves need.

The size of the counts is bounded whatever the number of examples is, they add up in
any order, and the bins are so fine that what is computed from them is what the
examples themselves would give.
"""

from __future__ import annotations

import functools
import math
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Examples fall into so many blocks; an interval comes from leaving out each in turn.
BLOCKS = 20

# Click probabilities are small: the bins are equally wide in log-odds, where 0.001 and
# 0.002 are as far apart as 0.1 and 0.18.
_LARGEST_LOG_ODDS = 16
_BINS_FOR_ONE = 2048

# Distance of clipped predictions from 0 and 1 in the log loss, as in Keras.
_CLOSEST = 1e-7


class Bins:
    """Bins of predictions; each threshold is the upper end of one.

    Attributes:
      thresholds: Upper ends that were asked for.
      edges: All upper ends, increasing, [bins]; the last one is 1.
    """

    def __init__(self, thresholds: Sequence[float] = ()):
        """Makes the bins.

        Args:
          thresholds: Additional ends of bins.
        """
        self.thresholds = tuple(thresholds)
        self.edges = _edges(self.thresholds)

    def __reduce__(self) -> tuple[type[Bins], tuple[tuple[float, ...]]]:
        """Pickles the thresholds: of the edges Beam would compress half a megabyte."""
        return Bins, (self.thresholds,)

    def find(self, predictions: Floats) -> Ints:
        """The bins of predictions; NaN is behind the last."""
        return np.searchsorted(self.edges, predictions)

    def above(self, threshold: float) -> int:
        """The first bin whose predictions are greater than a threshold."""
        return 1 + int(np.searchsorted(self.edges, np.float32(threshold)))


@functools.cache
def _edges(thresholds: tuple[float, ...]) -> Floats:
    count = 2 * _LARGEST_LOG_ODDS * _BINS_FOR_ONE + 1
    log_odds = np.linspace(-_LARGEST_LOG_ODDS, _LARGEST_LOG_ODDS, count)
    ends = np.concatenate([1 / (1 + np.exp(-log_odds)), thresholds, [1.0]])
    # Predictions are float32: 0.3 is then not above the threshold 0.3.
    return np.unique(ends.astype(np.float32)).astype(np.float64)


class Scores(NamedTuple):
    """Scores of examples by a model.

    Attributes:
      cells: Number of the bin, the block and the label, in one, [rows].
      sums: 1, the predicted probability and its log loss, [rows, 3].
    """

    cells: Ints
    sums: Floats

    @classmethod
    def of(
        cls, labels: Floats, predictions: Floats, blocks: Ints, bins: Bins
    ) -> Scores:
        """The scores of examples.

        Args:
          labels: 0 or 1, [rows].
          predictions: The predicted probabilities, [rows].
          blocks: The blocks that they are in, [rows].
          bins: Bins of the predictions.
        """
        clicked = labels > 0
        cells = (bins.find(predictions) * BLOCKS + blocks) * 2 + clicked
        of_label = np.where(clicked, predictions, 1.0 - predictions)
        losses = -np.log(np.maximum(of_label, _CLOSEST))  # NaN stays NaN.
        return cls(cells, np.stack([np.ones_like(losses), predictions, losses], axis=1))

    def table(self, rows: Sequence[int] | slice = slice(None)) -> ScoreTable:
        """The table of some of the examples."""
        return _added(self.cells[rows], self.sums[rows])


def block_of(key: bytes) -> int:
    """The block of an example or a group: a hash of its key.

    Args:
      key: Key of the example, or of the group that it belongs to. Examples of one
        group, such as the impressions of a user, stay together: their outcomes depend
        on each other, and without that the interval would be too narrow.
    """
    return zlib.crc32(key) % BLOCKS


@dataclass(frozen=True)
class ScoreTable:
    """Sums over examples, by cell.

    Attributes:
      cells: The cells that have examples, increasing, [cells].
      sums: Number of examples, sum of predictions, sum of log losses, [cells, 3].
    """

    cells: Ints
    sums: Floats

    @classmethod
    def empty(cls) -> ScoreTable:
        """The table of no examples."""
        return cls(np.zeros(0, np.int64), np.zeros((0, 3)))

    @classmethod
    def merged(cls, tables: Iterable[ScoreTable]) -> ScoreTable:
        """The table of the examples of several tables."""
        parts = [cls.empty(), *tables]
        return _added(
            np.concatenate([part.cells for part in parts]),
            np.concatenate([part.sums for part in parts]),
        )


def _added(cells: Ints, sums: Floats) -> ScoreTable:
    found, where = np.unique(cells, return_inverse=True)
    totals = np.zeros((len(found), sums.shape[1]))
    np.add.at(totals, where, sums)
    return ScoreTable(found, totals)


@dataclass(frozen=True)
class Sample:
    """Counts by bin, of all examples and of all but one block.

    The columns are: all examples, then all but block 0, all but block 1, and so on.

    Attributes:
      bins: The bins that have examples, increasing, [bins].
      negatives: Number of examples with label 0, [bins, 1 + BLOCKS].
      positives: Number of examples with label 1, [bins, 1 + BLOCKS].
      predictions: Sum of the predictions, [bins, 1 + BLOCKS].
      losses: Sum of the log losses, [1 + BLOCKS].
      fills_blocks: True if each block has examples.
    """

    bins: Ints
    negatives: Floats
    positives: Floats
    predictions: Floats
    losses: Floats
    fills_blocks: bool

    @classmethod
    def of(cls, table: ScoreTable) -> Sample:
        """The counts of a table."""
        bins, where = np.unique(table.cells // (2 * BLOCKS), return_inverse=True)
        labels, blocks = table.cells % 2, table.cells // 2 % BLOCKS
        by_block = np.zeros((3, 2, len(bins), BLOCKS))
        by_block[:, labels, where, blocks] = table.sums.T
        everything = by_block.sum(axis=-1, keepdims=True)
        counts = np.concatenate([everything, everything - by_block], axis=-1)
        examples, predictions, losses = counts
        return cls(
            bins=bins,
            negatives=examples[0],
            positives=examples[1],
            predictions=predictions.sum(axis=0),
            losses=losses.sum(axis=(0, 1)),
            fills_blocks=bool(by_block[0].any(axis=(0, 1)).all()),
        )

    @property
    def examples(self) -> Floats:
        """Number of examples, [bins, 1 + BLOCKS]."""
        return self.negatives + self.positives

    @property
    def is_finite(self) -> bool:
        """True if all predictions are numbers."""
        return math.isfinite(self.losses[0])

    @property
    def has_both_labels(self) -> bool:
        """True if there are examples of both labels."""
        return bool(self.negatives[:, 0].any() and self.positives[:, 0].any())
