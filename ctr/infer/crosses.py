"""Proposes crosses: pairs that tell more of the label than their two features do."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from config.features import Cross
from ctr.infer.column import Ints
from ctr.infer.held_out import STANDARD_ERRORS, HeldOut
from ctr.infer.vocabulary import MOST_COLLISIONS, buckets_for, collision_share

MOST_CROSSES = 5
MOST_FEATURES = 20

_MOST_CELLS = 1 << 17
_MOST_BUCKETS = 10_000_000
# An odd number deals the combinations of many values out over the cells.
_MULTIPLIER = 0x9E3779B1


class Proposal(NamedTuple):
    """A pair of features that is worth a cross.

    Attributes:
      features: Their names.
      share: The share of the log loss of held-out rows that it takes off.
      errors: The same in its standard errors.
      combinations: Number of combinations in the sample.
    """

    features: tuple[str, str]
    share: float
    errors: float
    combinations: int

    @property
    def cross(self) -> Cross:
        """The cross, with buckets enough for its combinations."""
        default = Cross(features=self.features)
        if self._shared(default) < MOST_COLLISIONS:
            return default
        buckets = min(_MOST_BUCKETS, buckets_for(self.combinations))
        return Cross(features=self.features, buckets=buckets)

    @property
    def comment(self) -> str:
        """The figures in words."""
        return (
            f"by {100 * self.share:.2g}%, {self.errors:.0f} standard errors; "
            f"{self.combinations:,} combinations, "
            f"{100 * self._shared(self.cross):.1f}% share a bucket"
        )

    def _shared(self, cross: Cross) -> float:
        return collision_share(self.combinations, cross.buckets)


def propose_crosses(codes: Mapping[str, Ints], labels: Ints) -> list[Proposal]:
    """Proposes the pairs whose combinations lower the log loss of held-out rows.

    A pair adds an effect of each of its combinations to an additive model of all
    features. The best pair joins the model before the next is looked for, so that two
    pairs that say the same are not both proposed.

    Args:
      codes: For each feature an integer from 0 on in each row.
    """
    model = HeldOut(labels, list(codes.values()))
    pairs = list(itertools.combinations(codes, 2))
    proposals: list[Proposal] = []
    while pairs and len(proposals) < MOST_CROSSES:
        gains = {(a, b): model.gain(_cells(codes[a], codes[b])) for a, b in pairs}
        best = max(pairs, key=lambda pair: gains[pair].share)
        if gains[best].errors < STANDARD_ERRORS:
            break
        one, other = (codes[name] for name in best)
        combinations = len(np.unique(_combined(one, other)))
        proposals.append(Proposal(best, *gains[best], combinations))
        model.add([_cells(one, other)])
        # What does not help now hardly helps beside what was added.
        pairs = [pair for pair in pairs if pair != best and gains[pair].share > 0]
    return proposals


def _combined(one: Ints, other: Ints) -> Ints:
    """A number for each combination."""
    return one * (int(other.max()) + 1) + other


def _cells(one: Ints, other: Ints) -> Ints:
    """The combinations, hashed where they may be many."""
    combined = _combined(one, other)
    if combined.max() < _MOST_CELLS:
        return combined
    mixed = combined.astype(np.uint64) * np.uint64(_MULTIPLIER) >> np.uint64(15)
    return (mixed % np.uint64(_MOST_CELLS)).astype(np.int64)
