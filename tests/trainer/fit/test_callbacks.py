"""What a person sees while a model trains."""

from __future__ import annotations

import logging

import keras
import numpy as np
import pytest

from config.training import Training
from trainer.fit.callbacks import LogEpochs, training_callbacks
from trainer.optimizers.joint import JointOptimizer
from trainer.optimizers.sparse import LazyAdam, SparseAdagrad

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


def test_a_lowered_rate_is_part_of_the_line(caplog):
    callback = LogEpochs(epochs=7)
    with caplog.at_level(logging.INFO):
        callback.on_epoch_begin(0)
        callback.on_epoch_end(0, {**LOGS, "learning_rate": 0.25})

    (record,) = caplog.records
    assert record.getMessage().endswith("AUC 0.7000; learning rates x 0.25 (0 s)")


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
        ([0.6, 0.8, 0.7, 0.79, 0.9], 4, 2),
        ([0.6, 0.8, 0.8, 0.8, 0.9], 4, 2),
        ([0.5, 0.6, 0.7, 0.8, 0.9], 5, 5),
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
    ("log_losses", "best"),
    [
        # Within a hundredth of the lowest, AUC decides ...
        ([0.500, 0.500, 0.505], 3),
        ([0.510, 0.500, 0.505], 3),
        # ... but not for a model that is too sure of itself.
        ([0.500, 0.500, 0.506], 2),
        ([0.500, 0.600, 0.700], 1),
        # The lowest may come later, and the best so far be too far from it.
        ([0.500, 0.600, 0.400], 3),
        ([0.400, 0.500, 0.300], 3),
        # Not a number is no good.
        ([0.500, np.nan, np.nan], 1),
    ],
)
def test_the_best_epoch_has_a_log_loss_near_the_lowest(train, log_losses, best):
    _, model = train(Training(patience=9), [0.6, 0.7, 0.8], log_losses)

    assert _kept(model) == best


def test_a_lower_log_loss_wins_over_an_auc_that_was_too_sure(train):
    """The second has the lower AUC, but the first is a third above its log loss."""
    _, model = train(Training(patience=9), [0.8, 0.7], [0.4, 0.3])

    assert _kept(model) == 2


def test_any_log_loss_may_do(train):
    training = Training(patience=9, log_loss_tolerance=1.0)
    _, model = train(training, [0.6, 0.7, 0.8], [0.3, 0.5, 0.6])

    assert _kept(model) == 3


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


def test_a_rate_may_have_a_floor(train):
    """As Keras's callback offers it: a share of the configured rates."""
    adagrad = SparseAdagrad(0.4)
    model = train(Training(), [0.5], optimizer=JointOptimizer({"deep.": adagrad}))[1]
    reduce = keras.callbacks.ReduceLROnPlateau(
        monitor="loss", factor=0.1, patience=1, min_lr=0.25, min_delta=9.0
    )
    ones = keras.ops.ones((2, 1))
    model.fit(ones, ones, epochs=4, verbose=0, callbacks=[reduce])

    assert float(model.optimizer.learning_rate.value) == 0.25
    assert float(adagrad.learning_rate.value) == pytest.approx(0.1)


def test_tensorboard_has_logs_where_they_are_wanted(train, tmp_path):
    train(Training(), [0.5], log_dir=str(tmp_path))

    assert list(tmp_path.rglob("events.out.tfevents.*"))


def test_without_a_positive_in_the_validation_the_log_loss_decides(train, caplog):
    undefined, losses = [float("nan")] * 5, [0.5, 0.4, 0.45, 0.41, 0.3]
    with caplog.at_level(logging.WARNING):
        scripted, model = train(Training(patience=2), undefined, losses)

    assert scripted.epochs == 4
    assert _kept(model) == 2
    warned = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert len(warned) == 1


def test_without_a_positive_the_rates_follow_the_log_loss(train):
    plateau = {"factor": 0.5, "patience": 1}
    training = Training(patience=9, reduce_learning_rate=plateau)
    for losses, rate in (([0.5, 0.4, 0.3, 0.2], 0.01), ([0.5, 0.6, 0.7], 0.0025)):
        _, model = train(training, [float("nan")] * len(losses), losses)
        assert float(model.optimizer.learning_rate.value) == pytest.approx(rate)
