"""Training over epochs that may differ in batch size."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import keras

from trainer.data.dataset import TrainingData


def fit(
    model: keras.Model,
    data: TrainingData,
    epochs: int,
    callbacks: Sequence[Any],
    positive_weight: float = 1.0,
) -> dict[str, list[float]]:
    """Trains a model.

    Keras's `fit` takes it that all epochs have as many steps, so it is called for each
    series of epochs that do.

    Args:
      model: The model, compiled.
      data: Training examples, and validation examples to score after each epoch.
      epochs: Maximum epochs.
      callbacks: Keras callbacks; to them it is one training.
      positive_weight: Weight of a positive example in the training loss;
        metrics and validation count each example once.

    Returns:
      Loss and metrics of each epoch, as in Keras's history.
    """
    weights = None if positive_weight == 1.0 else {0: 1.0, 1: positive_weight}
    training = _OneTraining(callbacks, add_history=True, model=model, epochs=epochs)
    for steps, series in itertools.groupby(range(epochs), data.steps):
        first, *others = series
        model.fit(
            data.train(first),
            steps_per_epoch=steps,
            validation_data=data.validation,
            initial_epoch=first,
            epochs=first + 1 + len(others),
            shuffle=False,
            class_weight=weights,
            callbacks=training,
            verbose=0,
        )
        if model.stop_training:
            break
    training.end()
    history: dict[str, list[float]] = model.history.history
    return history


class _OneTraining(keras.callbacks.CallbackList):
    """Callbacks that take several calls of `fit` for one."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self._begun = False
        self._last_logs: dict[str, Any] | None = None

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        if not self._begun:
            super().on_train_begin(logs)
        self._begun = True

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._last_logs = logs

    def end(self) -> None:
        """Ends the training."""
        super().on_train_end(self._last_logs)
