"""A model with two optimizers, saved in the middle of its training."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.model import WideDeep
from config.training import Training
from trainer.data.inputs import IdInput, ModelInputs
from trainer.fit.classifier import build_classifier

INPUTS = ModelInputs(
    ids=(
        IdInput("ad", 30, multivalued=False, crossed=False, embedding_size=4),
        IdInput("tags", 9, multivalued=True, crossed=False, embedding_size=4),
    ),
    numbers=("age",),
)


def _examples():
    rng = np.random.default_rng(0)
    columns = {
        "ad": rng.integers(0, 20, 200),
        "tags": rng.integers(0, 9, (200, 3)),
        "age": rng.normal(size=200).astype("float32"),
    }
    labels = (rng.random((200, 1)) < 0.4).astype("float32")
    return tf.data.Dataset.from_tensor_slices((columns, labels)).batch(32)


@pytest.fixture(params=["adagrad", "adam"])
def build(request):
    """A function: a new model, with other initial weights each time.

    Without dropout, whose state Keras does not save.
    """
    settings = WideDeep(
        hidden_units=(8,),
        dropout=0.0,
        optimizer=request.param,
        learning_rate=0.01,
        wide_l1=1e-4,
    )
    seeds = iter(range(9))

    def build():
        keras.utils.set_random_seed(next(seeds))
        return build_classifier("wide_deep", settings, INPUTS, Training(clip_norm=1.0))

    return build


def _train(model, first_epoch, epochs):
    model.fit(
        _examples(),
        initial_epoch=first_epoch,
        epochs=epochs,
        shuffle=False,
        verbose=0,
    )


def test_training_goes_on_as_if_it_had_not_been_interrupted(build, tmp_path):
    file = str(tmp_path / "half.weights.h5")
    model = build()
    _train(model, 0, 1)
    model.optimizer.learning_rate = 0.5
    model.save_weights(file)
    _train(model, 1, 2)

    other = build()
    assert not np.allclose(other.get_weights()[0], model.get_weights()[0])
    other.load_weights(file)
    assert float(other.optimizer.learning_rate.value) == 0.5
    assert int(other.optimizer.iterations) == 7
    _train(other, 1, 2)

    for variable, expected in zip(other.variables, model.variables, strict=True):
        np.testing.assert_allclose(
            variable.numpy(), expected.numpy(), atol=1e-6, err_msg=variable.path
        )
    saved = zip(other.optimizer.variables, model.optimizer.variables, strict=True)
    for variable, expected in saved:
        np.testing.assert_allclose(
            variable.numpy(), expected.numpy(), atol=1e-6, err_msg=variable.path
        )
