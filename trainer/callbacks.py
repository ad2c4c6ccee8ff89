"""What happens while a model trains."""

from __future__ import annotations

import logging
import time
from typing import Any

import keras

from pipeline.config.training import Training

_log = logging.getLogger(__name__)


class LogEpochs(keras.callbacks.Callback):
    """Logs one line an epoch: loss and AUC in training, AUC in validation."""

    def __init__(self, epochs: int):
        """Builds the callback for at most that many epochs."""
        super().__init__()
        self._epochs = epochs
        self._started = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._started = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the line."""
        assert logs is not None
        _log.info(
            "epoch %d/%d: log loss %.4f, AUC %.4f; validation log loss %.4f, "
            "AUC %.4f (%.0f s)",
            epoch + 1,
            self._epochs,
            logs["log_loss"],
            logs["auc"],
            logs["val_log_loss"],
            logs["val_auc"],
            time.monotonic() - self._started,
        )


def training_callbacks(training: Training, log_dir: str) -> list[Any]:
    """Progress, early stopping with the best weights, and TensorBoard.

    Args:
      training: The settings.
      log_dir: Where TensorBoard's files go.
    """
    return [
        LogEpochs(training.epochs),
        keras.callbacks.EarlyStopping(
            monitor="val_auc",
            mode="max",
            patience=training.patience,
            restore_best_weights=True,
        ),
        keras.callbacks.TensorBoard(log_dir, write_graph=False),
        keras.callbacks.TerminateOnNaN(),
    ]
