"""A model with two optimizers, saved in the middle of its training."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from config.model import WideDeep
from config.training import Training
from trainer.fit.classifier import build_classifier


@pytest.fixture(params=["adagrad", "adam"])
def build(request, ads):
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
        return build_classifier(
            "wide_deep", settings, ads.inputs, Training(clip_norm=1.0)
        )

    return build


def test_training_goes_on_as_if_it_had_not_been_interrupted(build, ads, tmp_path):
    def train(model, epoch):
        examples = ads.examples(200, batch=32)
        model.fit(
            examples, initial_epoch=epoch, epochs=epoch + 1, shuffle=False, verbose=0
        )

    file = str(tmp_path / "half.weights.h5")
    model = build()
    train(model, 0)
    model.optimizer.learning_rate = 0.5
    model.save_weights(file)
    train(model, 1)

    other = build()
    assert not np.allclose(other.get_weights()[0], model.get_weights()[0])
    other.load_weights(file)
    assert float(other.optimizer.learning_rate.value) == 0.5
    assert int(other.optimizer.iterations) == 7
    train(other, 1)

    for ours, theirs in (
        (other.variables, model.variables),
        (other.optimizer.variables, model.optimizer.variables),
    ):
        for variable, expected in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(
                variable.numpy(), expected.numpy(), atol=1e-6, err_msg=variable.path
            )
