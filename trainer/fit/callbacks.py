"""Callbacks of the training."""

from __future__ import annotations

import logging
import math
import time
from typing import Any

import keras
import numpy as np
import numpy.typing as npt

from config.training import Training
from trainer.fit.averaging import AverageWeights

_log = logging.getLogger(__name__)

Logs = dict[str, Any]


class LogEpochs(keras.callbacks.Callback):
    """Logs one line an epoch: loss and AUC in training, AUC in validation.

    Adds `seconds` to the history: how long the epoch's training took, without the
    validation.
    """

    def __init__(self, epochs: int):
        """Builds the callback for at most that many epochs."""
        super().__init__()
        self._epochs = epochs
        self._started = 0.0
        self._trained = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Starts the clock."""
        self._started = self._trained = time.monotonic()

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Notes the time."""
        self._trained = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Logs the line."""
        assert logs is not None
        logs["seconds"] = self._trained - self._started
        rate = logs.get("learning_rate", 1.0)
        _log.info(
            "epoch %d/%d: log loss %.4f, AUC %.4f; validation log loss %.4f, "
            "AUC %.4f%s (%.0f s)",
            epoch + 1,
            self._epochs,
            logs["log_loss"],
            logs["auc"],
            logs["val_log_loss"],
            logs["val_auc"],
            f"; learning rates x {rate:.4g}" if rate != 1.0 else "",
            time.monotonic() - self._started,
        )


def validation_score(logs: Logs) -> float:
    """Returns the number by which epochs and trials are compared; higher is better.

    Args:
      logs: `val_auc` and `val_log_loss`.

    Returns:
      The validation AUC or, where it is undefined since the validation part has one
      class only, minus the validation log loss.
    """
    auc = float(logs["val_auc"])
    return -float(logs["val_log_loss"]) if math.isnan(auc) else auc


class ScoreEpochs(keras.callbacks.Callback):
    """Adds `val_score` to the logs, for the callbacks after it."""

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Adds the score; logs once that the AUC is undefined."""
        assert logs is not None
        logs["val_score"] = validation_score(logs)
        if epoch == 0 and math.isnan(logs["val_auc"]):
            _log.warning(
                "the validation part of the training split has examples of one class "
                "only, so its AUC is undefined: epochs are compared by log loss"
            )


class BestEpoch(keras.callbacks.Callback):
    """Ends a training that gets no better, and restores the weights of its best epoch.

    The best epoch has the highest validation score among those whose validation log
    loss is close to the lowest so far: AUC alone prefers over-confident models. Adds
    `best_epoch`, from 1, to the history.
    """

    def __init__(self, patience: int, log_loss_tolerance: float):
        """Builds the callback.

        Args:
          patience: Epochs without a better one before training ends.
          log_loss_tolerance: Maximum distance of the best epoch
            to the lowest validation log loss, as a share of it.
        """
        super().__init__()
        self._patience = patience
        self._tolerance = log_loss_tolerance
        self._lowest = np.inf
        self._best: Logs = {"val_score": -np.inf, "val_log_loss": np.inf}
        self._best_epoch = 0
        self._weights: list[npt.NDArray[Any]] | None = None

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Compares the epoch with the best one."""
        assert logs is not None
        self._lowest = min(self._lowest, logs["val_log_loss"])
        if self._is_better(logs):
            self._best = dict(logs)
            self._best_epoch = epoch
            self._weights = self.model.get_weights()
        elif epoch - self._best_epoch >= self._patience:
            self.model.stop_training = True
        logs["best_epoch"] = self._best_epoch + 1

    def _is_better(self, logs: Logs) -> bool:
        most = self._lowest * (1.0 + self._tolerance)
        if not logs["val_log_loss"] <= most:
            return False
        # The best one so far may have been close to a lowest that is surpassed since.
        return bool(
            logs["val_score"] > self._best["val_score"]
            or self._best["val_log_loss"] > most
        )

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Restores the weights."""
        if self._weights is not None:
            self.model.set_weights(self._weights)


def stopping_callbacks(training: Training) -> list[Any]:
    """Returns the callbacks that act on the validation of each epoch."""
    callbacks: list[keras.callbacks.Callback] = [
        ScoreEpochs(),
        BestEpoch(training.patience, training.log_loss_tolerance),
        keras.callbacks.TerminateOnNaN(),
    ]
    if training.reduce_learning_rate is not None:
        reduce = keras.callbacks.ReduceLROnPlateau(
            monitor="val_score",
            mode="max",
            factor=training.reduce_learning_rate.factor,
            patience=training.reduce_learning_rate.patience,
        )
        callbacks.append(reduce)
    if training.ema_momentum is not None:
        callbacks.append(AverageWeights(training.ema_momentum))
    return callbacks


def training_callbacks(training: Training, log_dir: str | None) -> list[Any]:
    """Progress, early stopping with the best weights, and TensorBoard.

    Args:
      training: The settings.
      log_dir: Folder of TensorBoard's files; None writes none.
    """
    # Last, for the line tells the rate that the others find.
    callbacks = [*stopping_callbacks(training), LogEpochs(training.epochs)]
    if log_dir is not None:
        callbacks.insert(0, keras.callbacks.TensorBoard(log_dir, write_graph=False))
    return callbacks
