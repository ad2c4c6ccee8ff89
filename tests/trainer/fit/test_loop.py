"""Training over epochs that may differ in batch size."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.fit.loop import fit

EXAMPLES = 12


class Data:
    """Twelve examples of y = 2x, in batches of a size for each epoch."""

    def __init__(self, *batch_sizes):
        self._sizes = batch_sizes
        self._examples = tf.data.Dataset.range(EXAMPLES).map(self._example)

    @property
    def validation(self):
        return self._examples.batch(EXAMPLES)

    def train(self, first_epoch=0):
        later = [self._size(epoch) for epoch in range(first_epoch, 10)]
        first, *others = [self._examples.batch(size) for size in later]
        for other in others:
            first = first.concatenate(other)
        return first

    def steps(self, epoch):
        return -(-EXAMPLES // self._size(epoch))

    def _size(self, epoch):
        return self._sizes[min(epoch, len(self._sizes) - 1)]

    @staticmethod
    def _example(number):
        x = tf.reshape(tf.cast(number, tf.float32), [1]) / EXAMPLES
        return x, 2 * x


class Recorder(keras.callbacks.Callback):
    """What a callback is told."""

    def __init__(self):
        super().__init__()
        self.events = []
        self._steps = 0

    def on_train_begin(self, logs=None):
        self.events.append("begin")

    def on_train_batch_end(self, batch, logs=None):
        self._steps += 1

    def on_epoch_end(self, epoch, logs=None):
        self.events.append((epoch, self._steps))
        self._steps = 0

    def on_train_end(self, logs=None):
        self.events.append("end")


@pytest.fixture
def model():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((1,))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs))
    model.compile(keras.optimizers.SGD(0.02), loss="mse")
    return model


@pytest.mark.parametrize(
    ("sizes", "steps"),
    [((5,), [3, 3, 3, 3]), ((12, 5), [1, 3, 3, 3]), ((2, 3, 12), [6, 4, 1, 1])],
)
def test_callbacks_take_epochs_of_any_batch_size_for_one_training(model, sizes, steps):
    recorder = Recorder()
    history = fit(model, Data(*sizes), 4, [recorder])

    assert recorder.events == ["begin", *enumerate(steps), "end"]
    assert set(history) == {"loss", "val_loss"}
    assert len(history["loss"]) == 4
    assert history["val_loss"] == sorted(history["val_loss"], reverse=True)


def test_training_stops_for_good(model):
    """The best of the first epochs is kept, though batch sizes change later."""
    stop = keras.callbacks.EarlyStopping(
        "val_loss", patience=1, mode="max", restore_best_weights=True
    )
    kept = []
    keep = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: kept.append(model.get_weights())
    )
    history = fit(model, Data(4, 6, 12), 6, [stop, keep])

    assert len(history["loss"]) == 2
    np.testing.assert_array_equal(model.get_weights()[0], kept[0][0])


def test_patience_is_counted_across_batch_sizes(model):
    plateau = keras.callbacks.ReduceLROnPlateau(
        "val_loss", factor=0.5, patience=2, mode="max"
    )
    fit(model, Data(4, 6, 12), 4, [plateau])

    # The first is the best; the second and third, of other batch sizes, are not.
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
