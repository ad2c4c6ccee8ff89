"""Hidden layers and their settings."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from config.model import Mlp
from trainer.data.inputs import ModelInputs
from trainer.layers.deep import mlp, stack


def _kinds(output, tensor):
    return [type(layer).__name__ for layer in keras.Model(tensor, output).layers]


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_mlp_gives_the_last_layers_units(batch_norm, dropout):
    tensor = keras.Input((3,))
    settings = Mlp(hidden_units=(5, 4), dropout=dropout, batch_norm=batch_norm)
    hidden = mlp(tensor, settings)
    layers = _kinds(hidden, tensor)

    assert hidden.shape == (None, 4)
    assert layers.count("Dense") == 2
    assert layers.count("BatchNormalization") == (2 if batch_norm else 0)
    assert layers.count("Dropout") == (2 if dropout else 0)


@pytest.mark.parametrize(("activation", "expected"), [("relu", 0.0), ("tanh", -0.9051)])
def test_mlp_applies_the_activation(activation, expected):
    tensor = keras.Input((1,))
    settings = Mlp(
        hidden_units=(1,), dropout=0.0, batch_norm=False, activation=activation
    )
    model = keras.Model(tensor, mlp(tensor, settings))
    model.get_layer("deep.dense.1").set_weights([np.array([[3.0]]), np.array([0.0])])

    # tanh(3 * -0.5)
    assert float(model(np.array([[-0.5]]))[0, 0]) == pytest.approx(expected, abs=1e-4)


def test_mlp_penalises_large_kernels():
    tensor = keras.Input((1,))
    settings = Mlp(hidden_units=(1,), dropout=0.0, batch_norm=False, kernel_l2=0.1)
    model = keras.Model(tensor, mlp(tensor, settings))
    model.get_layer("deep.dense.1").set_weights([np.array([[3.0]]), np.array([7.0])])

    assert float(sum(model.losses)) == pytest.approx(0.1 * 9)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_batch_norm_is_on_the_numbers_too(batch_norm):
    inputs = ModelInputs(ids=(), numbers=("age", "price"))
    tensors = inputs.keras_inputs()
    model = keras.Model(tensors, stack([], inputs, tensors, Mlp(batch_norm=batch_norm)))
    rows = {"age": np.array([10.0, 30.0]), "price": np.array([1.0, 1.0])}

    expected = [[-1.0, 0.0], [1.0, 0.0]] if batch_norm else [[10.0, 1.0], [30.0, 1.0]]
    np.testing.assert_allclose(model(rows, training=True), expected, atol=1e-3)
