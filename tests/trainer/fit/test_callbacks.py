"""Callbacks of the training: progress, early stopping, learning rates."""

from __future__ import annotations

import logging
import re

import keras
import numpy as np
import pytest

from config.training import Training
from trainer.fit.callbacks import LogEpochs, training_callbacks
from trainer.optimizers.joint import JointOptimizer
from trainer.optimizers.sparse import LazyAdam, SparseAdagrad

LOGS = {"log_loss": 0.5, "auc": 0.75, "val_log_loss": 0.625, "val_auc": 0.7}


def test_each_epoch_is_a_line_with_its_metrics(caplog):
    callback = LogEpochs(epochs=7)
    with caplog.at_level(logging.INFO):
        for epoch in range(2):
            callback.on_epoch_begin(epoch)
            logs = {**LOGS, "auc": 0.75 + epoch / 10, "learning_rate": 1.0 - epoch / 2}
            callback.on_epoch_end(epoch, logs)

    first, second = [record.getMessage() for record in caplog.records]
    assert first.startswith("epoch 1/7: ")
    assert second.startswith("epoch 2/7: ")
    for figures, line in (
        ("0.5 0.75 0.625 0.7", first),
        ("0.5 0.85 0.625 0.7", second),
    ):
        assert re.findall(r"0\.\d{4}", line) == [
            f"{float(f):.4f}" for f in figures.split()
        ]
    assert "x 0.5" in second


def test_the_history_has_the_time_without_the_validation(monkeypatch):
    clock = iter([100.0, 103.0, 110.0, 110.0])
    monkeypatch.setattr("time.monotonic", lambda: next(clock))
    callback, logs = LogEpochs(epochs=1), dict(LOGS)
    callback.on_epoch_begin(0)
    callback.on_test_begin()
    callback.on_epoch_end(0, logs)

    assert logs["seconds"] == 3.0


class _Scripted(keras.callbacks.Callback):
    """Sets the one weight to the number of the epoch, and what its validation says."""

    def __init__(self, aucs, log_losses):
        super().__init__()
        self._aucs = aucs
        self._log_losses = log_losses
        self.epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        self.model.layers[-1].set_weights([np.array([[float(epoch)]])])
        logs |= LOGS
        logs |= {"val_auc": self._aucs[epoch], "val_log_loss": self._log_losses[epoch]}


@pytest.fixture
def train():
    """A function: trains by a script, and gives the script and the model back."""

    def train(training, aucs, log_losses=(0.5,) * 9, log_dir=None, optimizer="sgd"):
        inputs = keras.Input((1,))
        layer = keras.layers.Dense(1, use_bias=False, name="deep.one")
        model = keras.Model(inputs, layer(inputs))
        model.compile(loss="mse", optimizer=optimizer)
        scripted = _Scripted(aucs, log_losses)
        ones = keras.ops.ones((2, 1))
        model.fit(
            ones,
            ones,
            epochs=len(aucs),
            verbose=0,
            callbacks=[scripted, *training_callbacks(training, log_dir)],
        )
        return scripted, model

    return train


def _kept(model):
    """The number of the epoch whose weight the model has, from 1."""
    return int(model.layers[-1].get_weights()[0].item()) + 1


@pytest.mark.parametrize(
    ("aucs", "epochs", "best"),
    [
        # Two epochs without a better one end the training.
        ([0.6, 0.8, 0.7, 0.8, 0.9], 4, 2),
        # The best epoch counts although training went on to the last.
        ([0.6, 0.7, 0.8, 0.9, 0.7], 5, 4),
    ],
)
def test_training_stops_early_and_keeps_the_best_epoch(train, aucs, epochs, best):
    scripted, model = train(Training(patience=2), aucs)

    assert scripted.epochs == epochs
    assert _kept(model) == best
    assert model.history.history["best_epoch"][-1] == best


@pytest.mark.parametrize(
    ("aucs", "log_losses", "tolerance", "best"),
    [
        # Within a hundredth of the lowest, AUC decides ...
        ([0.6, 0.7, 0.8], [0.510, 0.500, 0.505], 0.01, 3),
        # ... but not for a model that is too sure of itself.
        ([0.6, 0.7, 0.8], [0.500, 0.500, 0.506], 0.01, 2),
        # The lowest may come later, and the best so far be too far from it.
        ([0.6, 0.7, 0.8], [0.500, 0.600, 0.400], 0.01, 3),
        # The second has the lower AUC, but the first is a third above its log loss.
        ([0.8, 0.7], [0.4, 0.3], 0.01, 2),
        ([0.6, 0.7, 0.8], [0.3, 0.5, 0.6], 1.0, 3),
        # Not a number is no good.
        ([0.6, 0.7, 0.8], [0.500, np.nan, np.nan], 0.01, 1),
    ],
)
def test_the_best_epoch_has_a_log_loss_near_the_lowest(
    train, aucs, log_losses, tolerance, best
):
    training = Training(patience=9, log_loss_tolerance=tolerance)
    _, model = train(training, aucs, log_losses)

    assert _kept(model) == best


def test_a_plateau_lowers_the_rates_of_all_optimizers(train):
    adagrad, adam = SparseAdagrad(0.4), LazyAdam(0.2)
    optimizer = JointOptimizer({"deep.": adagrad, "wide.": adam})
    training = Training(patience=9, reduce_learning_rate={"factor": 0.5, "patience": 2})
    aucs = [0.6, 0.7, 0.7, 0.6, 0.65, 0.6, 0.8]
    _, model = train(training, aucs, optimizer=optimizer)

    # Reported is the rate that the epoch was trained with.
    rates = [1.0, 1.0, 1.0, 1.0, 0.5, 0.5, 0.25]
    assert model.history.history["learning_rate"] == rates
    assert float(adagrad.learning_rate.value) == pytest.approx(0.1)
    assert float(adam.learning_rate.value) == pytest.approx(0.05)


def test_the_log_loss_decides_where_the_auc_is_undefined(train, caplog):
    undefined, losses = [float("nan")] * 5, [0.5, 0.4, 0.45, 0.41, 0.3]
    with caplog.at_level(logging.WARNING):
        scripted, model = train(Training(patience=2), undefined, losses)

    assert scripted.epochs == 4
    assert _kept(model) == 2
    warned = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert len(warned) == 1


def test_the_rates_follow_the_log_loss_where_the_auc_is_undefined(train):
    plateau = {"factor": 0.5, "patience": 1}
    training = Training(patience=9, reduce_learning_rate=plateau)
    for losses, rate in (([0.5, 0.4, 0.3, 0.2], 0.01), ([0.5, 0.6, 0.7], 0.0025)):
        _, model = train(training, [float("nan")] * len(losses), losses)
        assert float(model.optimizer.learning_rate.value) == pytest.approx(rate)
