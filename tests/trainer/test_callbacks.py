"""What a person sees while a model trains."""

from __future__ import annotations

import logging

import keras
import numpy as np
import pytest

from pipeline.config.model import Training
from trainer.callbacks import LogEpochs, training_callbacks

LOGS = {"log_loss": 0.5, "auc": 0.75, "val_log_loss": 0.625, "val_auc": 0.7}


def test_one_line_an_epoch(caplog):
    callback = LogEpochs(epochs=7)
    with caplog.at_level(logging.INFO):
        for epoch in range(2):
            callback.on_epoch_begin(epoch)
            callback.on_epoch_end(epoch, {**LOGS, "auc": 0.75 + epoch / 10})

    assert [record.getMessage() for record in caplog.records] == [
        "epoch 1/7: log loss 0.5000, AUC 0.7500; validation log loss 0.6250, "
        "AUC 0.7000 (0 s)",
        "epoch 2/7: log loss 0.5000, AUC 0.8500; validation log loss 0.6250, "
        "AUC 0.7000 (0 s)",
    ]


class _Scripted(keras.callbacks.Callback):
    """Sets the one weight to the number of the epoch, and its validation AUC."""

    def __init__(self, validation_aucs):
        super().__init__()
        self._validation_aucs = validation_aucs
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        self.model.layers[-1].set_weights([np.array([[float(epoch)]])])
        logs |= {**LOGS, "val_auc": self._validation_aucs[epoch]}


@pytest.mark.parametrize(
    ("validation_aucs", "epochs", "best"),
    [
        # Two epochs without a better one end the training.
        ([0.6, 0.8, 0.7, 0.79, 0.9], 4, 1),
        ([0.5, 0.6, 0.7, 0.8, 0.9], 5, 4),
        # The best epoch counts although training went on to the last.
        ([0.6, 0.7, 0.8, 0.9, 0.7], 5, 3),
    ],
)
def test_training_stops_early_and_keeps_the_best_epoch(
    tmp_path, validation_aucs, epochs, best
):
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(loss="mse", optimizer="sgd")
    scripted = _Scripted(validation_aucs)
    training = Training(epochs=5, patience=2)
    ones = keras.ops.ones((2, 1))
    model.fit(
        ones,
        ones,
        epochs=5,
        verbose=0,
        callbacks=[scripted, *training_callbacks(training, str(tmp_path))],
    )

    assert scripted.epochs == epochs
    assert model.layers[-1].get_weights()[0].item() == best
    assert list(tmp_path.rglob("events.out.tfevents.*"))
