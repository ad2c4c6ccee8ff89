"""Hidden layers and their settings."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from config.model import EmbeddingMlp, Mlp
from trainer.data.inputs import IdInput, ModelInputs
from trainer.layers.deep import embeddings, mlp, stack


def _mlp(**settings):
    """A model of one input, whose first layer has the weight 3."""
    tensor = keras.Input((1,))
    model = keras.Model(tensor, mlp(tensor, Mlp(hidden_units=(1,), **settings)))
    model.get_layer("deep.dense.1").set_weights([np.array([[3.0]]), np.array([7.0])])
    return model


@pytest.mark.parametrize("batch_norm", [True, False])
@pytest.mark.parametrize("dropout", [0.0, 0.5])
def test_mlp_gives_the_last_layers_units(batch_norm, dropout):
    settings = Mlp(hidden_units=(5, 4), dropout=dropout, batch_norm=batch_norm)

    assert mlp(keras.Input((3,)), settings).shape == (None, 4)


@pytest.mark.parametrize(
    ("activation", "expected"),
    [("relu", 0.0), ("prelu", 0.0), ("tanh", -0.9640), ("dice", -0.2386)],
)
def test_mlp_applies_the_activation(activation, expected):
    model = _mlp(dropout=0.0, batch_norm=False, activation=activation)

    # tanh(3 * -3 + 7)
    assert float(model(np.array([[-3.0]]))[0, 0]) == pytest.approx(expected, abs=1e-4)


def test_mlp_penalises_large_kernels():
    model = _mlp(dropout=0.0, batch_norm=False, kernel_l2=0.1)

    assert float(sum(model.losses)) == pytest.approx(0.1 * 9)


@pytest.mark.parametrize("batch_norm", [True, False])
def test_batch_norm_is_on_the_numbers_too(batch_norm):
    inputs = ModelInputs(ids=(), numbers=("age", "price"))
    tensors = inputs.keras_inputs()
    model = keras.Model(tensors, stack([], inputs, tensors, Mlp(batch_norm=batch_norm)))
    rows = {"age": np.array([10.0, 30.0]), "price": np.array([1.0, 1.0])}

    expected = [[-1.0, 0.0], [1.0, 0.0]] if batch_norm else [[10.0, 1.0], [30.0, 1.0]]
    np.testing.assert_allclose(model(rows, training=True), expected, atol=1e-3)


def test_a_sequence_is_the_mean_of_the_vectors_of_the_column_it_is_like():
    past = IdInput("past", 4, 2, multivalued=True, like="ad")
    inputs = ModelInputs(ids=(past, IdInput("ad", 4, 2)), numbers=())
    tensors = inputs.keras_inputs()
    model = keras.Model(tensors, embeddings(inputs, tensors, EmbeddingMlp()))
    model.set_weights([np.array([[9.0, 9.0], [1.0, 2.0], [3.0, 6.0], [8.0, 4.0]])])
    rows = {"past": np.array([[1, 2], [3, 0], [0, 0]]), "ad": np.array([3, 1, 2])}

    pooled, single = model(rows)
    np.testing.assert_allclose(pooled, [[2, 4], [8, 4], [9, 9]])
    np.testing.assert_allclose(single, [[8, 4], [1, 2], [3, 6]])


def test_a_sequence_is_weighed_by_the_column_it_is_like():
    past = IdInput("past", 4, 2, multivalued=True, like="ad")
    inputs = ModelInputs(ids=(IdInput("ad", 4, 2), past), numbers=())
    tensors = inputs.keras_inputs()
    settings = EmbeddingMlp(
        sequence_pooling="attention", attention_units=(), attention_softmax=True
    )
    model = keras.Model(tensors, embeddings(inputs, tensors, settings))
    table = np.array([[9.0, 9.0], [1.0, 2.0], [3.0, 6.0], [8.0, 4.0]])
    # The score is the first number of the target times that of the item.
    kernel = np.eye(8)[:, [6]]
    model.get_layer("deep.embedding.ad").set_weights([table])
    attention = model.get_layer("deep.attention.past")
    attention.set_weights([np.zeros_like(attention.positions), kernel, np.zeros(1)])
    rows = {"past": np.array([[1, 2, 0], [0, 0, 0]]), "ad": np.array([1, 3])}
    first, second = np.exp([1.0, 3.0]) / np.exp([1.0, 3.0]).sum()

    _, pooled = model(rows)
    expected = [first * table[1] + second * table[2], table[0]]
    np.testing.assert_allclose(pooled, expected, rtol=1e-5)


def test_the_rate_of_a_shared_vector_is_that_of_all_its_lookups():
    past = IdInput("past", 4, 2, multivalued=True, like="ad")
    inputs = ModelInputs(ids=(IdInput("ad", 4, 2), past), numbers=())
    counts = {"ad": np.array([0, 3, 1, 0]), "past": np.array([2, 1, 4, 0])}

    for column in inputs.with_rates(counts, 4).ids:
        assert column.rates.tolist() == [0.5, 1.0, 1.25, 0.25]


def test_l2_of_an_epoch_is_that_of_the_whole_table_in_each_step():
    ids = np.array([1, 1, 1, 2, 2, 3])
    ad = IdInput("ad", 4, 2)
    counts = {"ad": np.bincount(ids, minlength=4)}
    inputs = ModelInputs(ids=(ad,), numbers=()).with_rates(counts, len(ids))
    tensors = inputs.keras_inputs()
    model = keras.Model(
        tensors, embeddings(inputs, tensors, EmbeddingMlp(embedding_l2=0.5))
    )
    penalties = []
    for each in ids:
        model({"ad": np.array([each])}, training=True)
        penalties.append(float(model.losses[0]))

    (table,) = model.get_weights()
    # An id that no example has is not looked up.
    assert np.mean(penalties) == pytest.approx(0.5 * np.square(table[1:]).sum())
