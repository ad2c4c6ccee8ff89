"""Averages of the weights over epochs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

Weights = Sequence[npt.NDArray[Any]]


class AverageWeights(keras.callbacks.Callback):
    """Validates and keeps a moving average of the weights instead of the weights.

    Where examples are few, the weights wander from epoch to epoch about better ones
    (Izmailov et al. 2018, https://arxiv.org/abs/1803.05407). The model has the average
    from each validation up to the end of its epoch; training goes on with the weights.
    Keras's own `ema_momentum` averages whole tables in each step.
    """

    def __init__(self, momentum: float):
        """Builds the callback, which comes after those that keep weights.

        Args:
          momentum: Share of the average that an epoch keeps; less in the first ones,
            which all count the same.
        """
        super().__init__()
        self._momentum = momentum
        self._epochs = 0
        self._weights: Weights = ()
        self._average: Weights = ()

    def on_test_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Adds the weights to the average, and gives the model the average."""
        self._weights = self.model.get_weights()
        kept = min(self._momentum, self._epochs / (self._epochs + 1))
        self._epochs += 1
        before = self._average or self._weights
        self._average = [
            np.asarray(kept * old + (1.0 - kept) * new, new.dtype)
            for old, new in zip(before, self._weights, strict=True)
        ]
        self.model.set_weights(self._average)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Gives the model its weights back."""
        self.model.set_weights(self._weights)
