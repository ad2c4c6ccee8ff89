"""Gain of a feature on held-out rows."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from ctr.infer.column import Floats, Ints

# What is learned of noise costs on other rows, so that its gain is below zero on
# average; 4 standard errors also allow for the best of many.
STANDARD_ERRORS = 4.0

# The strength of the prior: effects on the log-odds have a variance of 1 / 5.
_PRIOR = 5.0
_SWEEPS = 5


class Gain(NamedTuple):
    """Gain of a feature.

    Attributes:
      share: The share of the log loss that it takes off; negative where it adds to it.
      errors: The same in its standard errors.
    """

    share: float
    errors: float


class HeldOut:
    """An additive model of the log-odds, with an effect of each code of each feature.

    It is fitted to one half of the rows and measured on the other; then the halves
    change places.
    """

    def __init__(self, labels: Ints, codes: list[Ints]):
        """Fits the model to codes from 0 on, for each feature one in each row."""
        in_half = np.random.default_rng(0).random(len(labels)) < 0.5
        self._fits = [_Fit(labels, half) for half in (in_half, ~in_half)]
        self.add(codes)

    def add(self, codes: list[Ints]) -> None:
        """Adds features to the model."""
        for fit in self._fits:
            fit.sweep(codes)

    def gain(self, codes: Ints) -> Gain:
        """Returns the gain of a feature that would be added to the model."""
        gains = np.concatenate([fit.gains(codes) for fit in self._fits])
        losses = np.concatenate([fit.losses for fit in self._fits])
        error = gains.std() / np.sqrt(len(gains)) or np.inf
        return Gain(float(gains.mean() / losses.mean()), float(gains.mean() / error))


class _Fit:
    """A model fitted to some rows, and how it does on the others."""

    def __init__(self, labels: Ints, rows: npt.NDArray[np.bool_]):
        """Fits the rate of the rows."""
        self._rows, self._held_out = np.flatnonzero(rows), np.flatnonzero(~rows)
        self._labels = labels
        rate = (labels[self._rows].sum() + 0.5) / (len(self._rows) + 1.0)
        self._set_logits(np.full(len(labels), np.log(rate / (1 - rate))))

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
