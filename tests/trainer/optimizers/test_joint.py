"""Two optimizers that train one model."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.optimizers.joint import JointOptimizer
from trainer.optimizers.sparse import LazyAdam, SparseAdagrad, SparseFtrl


class Layer(keras.layers.Layer):
    """One weight of 1."""

    def build(self, input_shape):
        self.w = self.add_weight(shape=(1,), initializer="ones", name="w")


def _variables(*names):
    layers = [Layer(name=name) for name in names]
    for layer in layers:
        layer.build(None)
    return [layer.w for layer in layers]


@pytest.fixture
def members():
    return {"wide.": SparseFtrl(0.5), "deep.": SparseAdagrad(0.25)}


def test_every_variable_has_exactly_one_optimizer(members):
    optimizer = JointOptimizer(members)
    variables = _variables("wide.a", "deep.b", "deep.wide.c")
    optimizer.build(variables)

    assert [optimizer.owner(variable) for variable in variables] == [
        members["wide."],
        members["deep."],
        members["deep."],
    ]
    wide_slots = [v.path for v in members["wide."].variables if len(v.shape)]
    assert [path.split("/")[-1] for path in wide_slots] == [
        "wide.a_w_accumulator",
        "wide.a_w_linear",
    ]


def test_the_longest_prefix_counts(members):
    embeddings = LazyAdam(0.1)
    optimizer = JointOptimizer({**members, "deep.embedding.": embeddings})
    table, kernel = _variables("deep.embedding.ad", "deep.dense.1")
    optimizer.build([table, kernel])

    assert optimizer.owner(table) is embeddings
    assert optimizer.owner(kernel) is members["deep."]


def test_a_forgotten_variable_is_an_error(members):
    optimizer = JointOptimizer(members)

    with pytest.raises(ValueError, match="wider/w"):
        optimizer.build(_variables("wide.a", "wider"))


def test_a_step_is_that_of_each_optimizer(members):
    wide, deep = _variables("wide.a", "deep.b")
    alone_wide, alone_deep = _variables("wide.a", "deep.b")
    joint = JointOptimizer(members)
    ftrl, adagrad = keras.optimizers.Ftrl(0.5), keras.optimizers.Adagrad(0.25)
    for step in range(1, 4):
        gradients = [tf.constant([0.1 * step]), tf.constant([-0.2 * step])]
        joint.apply_gradients(zip(gradients, [wide, deep], strict=True))
        ftrl.apply(gradients[:1], [alone_wide])
        adagrad.apply(gradients[1:], [alone_deep])

    assert int(joint.iterations) == 3
    np.testing.assert_array_equal(wide.numpy(), alone_wide.numpy())
    np.testing.assert_array_equal(deep.numpy(), alone_deep.numpy())


def test_the_norm_is_that_of_all_gradients(members):
    joint = JointOptimizer(members, clip_norm=0.5)
    wide, deep = _variables("wide.a", "deep.b")
    joint.apply([tf.constant([3.0]), tf.constant([4.0])], [wide, deep])

    adagrad = keras.optimizers.Adagrad(0.25)
    (alone,) = _variables("deep.b")
    adagrad.apply([tf.constant([0.4])], [alone])
    np.testing.assert_allclose(deep.numpy(), alone.numpy(), rtol=1e-6)


def test_one_rate_scales_all(members):
    joint = JointOptimizer(members)
    joint.build(_variables("wide.a", "deep.b"))
    joint.learning_rate = 0.5
    joint.learning_rate = 0.1

    assert float(joint.learning_rate.value) == pytest.approx(0.1)
    assert float(members["wide."].learning_rate.value) == pytest.approx(0.05)
    assert float(members["deep."].learning_rate.value) == pytest.approx(0.025)


def test_a_lower_rate_holds_for_a_compiled_step(members):
    joint = JointOptimizer(members)
    (variable,) = _variables("deep.b")
    joint.build([variable])
    step = tf.function(lambda: joint.apply([tf.constant([1.0])], [variable]))
    step()
    first = 1.0 - variable.numpy().item()
    joint.learning_rate = 1e-6
    step()

    assert first > 0.1
    assert 1.0 - variable.numpy().item() == pytest.approx(first, abs=1e-5)
