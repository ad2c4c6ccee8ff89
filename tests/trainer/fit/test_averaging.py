"""The weights that are kept are an average over epochs."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from config.training import Training
from trainer.fit.averaging import AverageWeights
from trainer.fit.callbacks import stopping_callbacks


@pytest.fixture
def model():
    """A model of one weight, which is its prediction."""
    inputs = keras.Input((1,))
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
    return keras.Model(inputs, layer(inputs))


def weight(model):
    return model.get_weights()[0].item()


def test_the_average_keeps_its_share(model):
    callback = AverageWeights(0.75)
    callback.set_model(model)
    averages = []
    for epoch, value in enumerate([8.0, 16.0, 24.0, 32.0, 40.0]):
        model.set_weights([np.array([[value]])])
        callback.on_test_begin()
        averages.append(weight(model))
        callback.on_epoch_end(epoch)
        assert weight(model) == value

    # First plain means, of one, two, three and four; then 3/4 of 20 and 1/4 of 40.
    assert averages == [8.0, 12.0, 16.0, 20.0, 25.0]


class _Script(keras.callbacks.Callback):
    """Sets the weight of each epoch, and notes the one that is validated."""

    def __init__(self, values):
        super().__init__()
        self._values = values
        self.validated = []

    def on_epoch_begin(self, epoch, logs=None):
        self.model.set_weights([np.array([[self._values[epoch]]])])

    def on_epoch_end(self, epoch, logs=None):
        self.validated.append(weight(self.model))
        logs["val_auc"] = 1.0 - logs["val_loss"]
        logs["val_log_loss"] = logs["val_loss"]


def test_what_is_kept_is_the_average_that_was_validated_best(model):
    """The labels are 0.5: the second average is right, and no weight ever is."""
    ones = keras.ops.ones((2, 1))
    script = _Script([0.0, 1.0, 0.75, 0.75])
    training = Training(ema_momentum=0.5, log_loss_tolerance=1.0)
    model.compile(loss="mse", optimizer=keras.optimizers.SGD(0.0))
    model.fit(
        ones,
        ones,
        epochs=4,
        verbose=0,
        validation_data=(ones, 0.5 * ones),
        callbacks=[script, *stopping_callbacks(training)],
    )

    assert script.validated == [0.0, 0.5, 0.625, 0.6875]
    assert weight(model) == 0.5
