"""Proposes crosses: pairs that tell more of the label than their two features do."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from pipeline.config.features import Cross
from pipeline.infer.column import Floats, Ints
from pipeline.infer.vocabulary import MOST_COLLISIONS, buckets_for, collision_share

MOST_CROSSES = 5
MOST_FEATURES = 20

# Of noise the gain is below zero on average, since it costs on other rows what was
# learned of it; 4 standard errors allow for the best of many pairs.
_STANDARD_ERRORS = 4.0
# The strength of the prior: effects on the log-odds have a variance of 1 / 5.
_PRIOR = 5.0
_SWEEPS = 5
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
      combinations: How many combinations the sample has.
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

    An additive model of all features is fitted to one half of the rows; a pair adds a
    log-odds for each of its combinations, and both are measured on the other half; then
    the halves change places. The best pair joins the model before the next is looked
    for, so that two pairs that say the same are not both proposed.

    Args:
      codes: For each feature an integer from 0 on in each row.
      labels: The label of each row.
    """
    in_half = np.random.default_rng(0).random(len(labels)) < 0.5
    fits = [_Fit(labels, half, list(codes.values())) for half in (in_half, ~in_half)]
    pairs = list(itertools.combinations(codes, 2))
    proposals: list[Proposal] = []
    while pairs and len(proposals) < MOST_CROSSES:
        gains = {(a, b): _gains(fits, _cells(codes[a], codes[b])) for a, b in pairs}
        best = max(pairs, key=lambda pair: gains[pair].mean())
        proposal = _proposal(best, gains[best], fits, codes)
        if proposal.errors < _STANDARD_ERRORS:
            break
        proposals.append(proposal)
        for fit in fits:
            fit.sweep([_cells(*(codes[name] for name in best))])
        # What does not help now hardly helps beside what was added.
        pairs = [pair for pair in pairs if pair != best and gains[pair].mean() > 0]
    return proposals


def _proposal(
    pair: tuple[str, str], gains: Floats, fits: list[_Fit], codes: Mapping[str, Ints]
) -> Proposal:
    gain = float(gains.mean())
    return Proposal(
        features=pair,
        share=gain / float(np.concatenate([fit.losses for fit in fits]).mean()),
        errors=gain / float(gains.std() / np.sqrt(len(gains)) or np.inf),
        combinations=len(np.unique(_combined(*(codes[name] for name in pair)))),
    )


def _gains(fits: list[_Fit], cells: Ints) -> Floats:
    return np.concatenate([fit.gains(cells) for fit in fits])


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


class _Fit:
    """A model fitted to some rows, and how it does on the others."""

    def __init__(self, labels: Ints, rows: npt.NDArray[np.bool_], codes: list[Ints]):
        """Fits the additive model."""
        self._rows, self._held_out = np.flatnonzero(rows), np.flatnonzero(~rows)
        self._labels = labels
        rate = (labels[self._rows].sum() + 0.5) / (len(self._rows) + 1.0)
        self._set_logits(np.full(len(labels), np.log(rate / (1 - rate))))
        self.sweep(codes)

    def sweep(self, codes: list[Ints]) -> None:
        """Adds an effect for each code, and corrects them in turns."""
        effects = [np.zeros(each.max() + 1) for each in codes]
        for _ in range(_SWEEPS):
            for each, effect in zip(codes, effects, strict=True):
                step = self._step(each, effect)
                effect += step
                self._set_logits(self._logits + step[each])

    def gains(self, codes: Ints) -> Floats:
        """By how much effects of codes lower the log loss of each held-out row."""
        return self.losses - self._losses(self._step(codes)[codes[self._held_out]])

    def _step(self, codes: Ints, effect: Floats | float = 0.0) -> Floats:
        """Newton's step for the effect of each code, under the prior."""
        size, fitted = codes.max() + 1, codes[self._rows]
        residuals = np.bincount(fitted, self._residuals, size)
        information = np.bincount(fitted, self._information, size)
        step: Floats = (residuals - _PRIOR * effect) / (information + _PRIOR)
        return step

    def _losses(self, step: Floats | float = 0.0) -> Floats:
        """The log loss of each held-out row, after a step."""
        signs = 1 - 2 * self._labels[self._held_out]
        losses: Floats = np.logaddexp(
            0.0, signs * (self._logits[self._held_out] + step)
        )
        return losses

    def _set_logits(self, logits: Floats) -> None:
        """Keeps what all steps from here have in common."""
        rates = 1 / (1 + np.exp(-logits[self._rows]))
        self._logits = logits
        self._residuals = self._labels[self._rows] - rates
        self._information = rates * (1 - rates)
        self.losses = self._losses()
