"""Steps that touch only the rows of a batch."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from trainer.optimizers.sparse import LazyAdam, SparseAdagrad, SparseFtrl, sum_of_rows

FTRL = {"l1_regularization_strength": 0.01, "l2_regularization_strength": 0.02}
PAIRS = {
    "AdaGrad": (SparseAdagrad, keras.optimizers.Adagrad, {}),
    "FTRL": (SparseFtrl, keras.optimizers.Ftrl, FTRL),
    "Adam": (LazyAdam, keras.optimizers.Adam, {}),
}
OURS = {name: (ours, settings) for name, (ours, _, settings) in PAIRS.items()}
ROWS, SIZE = 6, 3


def _table():
    values = np.random.default_rng(1).normal(size=(ROWS, SIZE))
    return keras.Variable(values.astype("float32"))


def _slices(values, rows):
    return tf.IndexedSlices(
        tf.constant(values, tf.float32),
        tf.constant(rows, tf.int64),
        tf.constant([ROWS, SIZE]),
    )


def _gradients(rows, steps=5):
    """Gradients of lookups, each with the same gradient as one of the whole table."""
    rng = np.random.default_rng(0)
    for _ in range(steps):
        values = rng.normal(size=(len(rows), SIZE)).astype("float32")
        dense = np.zeros((ROWS, SIZE), "float32")
        np.add.at(dense, rows, values)
        yield _slices(values, rows), tf.constant(dense)


@pytest.mark.parametrize("name", PAIRS)
def test_a_step_on_all_rows_is_that_of_keras(name):
    """All rows have a gradient, and some of them several; their order is mixed."""
    ours_class, keras_class, settings = PAIRS[name]
    ours, keras_own = ours_class(0.05, **settings), keras_class(0.05, **settings)
    table, keras_table = _table(), _table()
    for sparse, dense in _gradients([4, 1, 1, 0, 5, 2, 3, 1, 4]):
        ours.apply([sparse], [table])
        keras_own.apply([dense], [keras_table])

    np.testing.assert_allclose(table.numpy(), keras_table.numpy(), atol=1e-6)


@pytest.mark.parametrize("name", PAIRS)
def test_a_dense_gradient_makes_the_step_of_keras(name):
    ours_class, keras_class, settings = PAIRS[name]
    ours, keras_own = ours_class(0.05, **settings), keras_class(0.05, **settings)
    kernel, keras_kernel = _table(), _table()
    for _, dense in _gradients([0, 3]):
        ours.apply([dense], [kernel])
        keras_own.apply([dense], [keras_kernel])

    np.testing.assert_array_equal(kernel.numpy(), keras_kernel.numpy())


@pytest.mark.parametrize("name", OURS)
def test_rows_that_are_not_looked_up_stay_as_they_are(name):
    """The slots too: else what a table costs would grow with its rows."""
    optimizer_class, settings = OURS[name]
    optimizer, table = optimizer_class(0.05, **settings), _table()
    optimizer.build([table])
    slots = [v for v in optimizer.variables if tuple(v.shape) == (ROWS, SIZE)]
    before = [slot.numpy().copy() for slot in [table, *slots]]
    for sparse, _ in _gradients([1, 4, 1]):
        optimizer.apply([sparse], [table])

    assert slots
    for old, new in zip(before, [table, *slots], strict=True):
        changed = (old != new.numpy()).any(axis=1)
        assert changed.tolist() == [False, True, False, False, True, False]


def test_lazy_adam_leaves_the_moments_of_other_rows_alone():
    """Adam goes on moving row 0 in the steps that do not look it up; the lazy form
    takes it up again where it was."""
    lazy, adam = LazyAdam(0.1), keras.optimizers.Adam(0.1)
    table, dense_table = _table(), _table()
    start = table.numpy()[0].copy()
    (first, first_dense), (second, second_dense) = (
        *_gradients([0], steps=1),
        *_gradients([1], steps=1),
    )
    lazy.apply([first], [table])
    adam.apply([first_dense], [dense_table])
    # The first step of Adam is the learning rate, whatever the gradient.
    np.testing.assert_allclose(np.abs(table.numpy()[0] - start), 0.1, atol=1e-5)
    once = table.numpy()[0].copy()
    for _ in range(3):
        lazy.apply([second], [table])
        adam.apply([second_dense], [dense_table])

    np.testing.assert_array_equal(table.numpy()[0], once)
    assert (np.abs(dense_table.numpy()[0] - once) > 0.05).all()


@pytest.mark.parametrize("name", OURS)
def test_a_compiled_step_of_a_lookup_is_sparse(name):
    """As it is in training: through a lookup, in a graph."""
    optimizer_class, settings = OURS[name]
    optimizer, table = optimizer_class(0.05, **settings), _table()
    optimizer.build([table])
    before = table.numpy().copy()

    @tf.function
    def step(ids):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.nn.embedding_lookup(table.value, ids) ** 2)
        (gradient,) = tape.gradient(loss, [table.value])
        assert isinstance(gradient, tf.IndexedSlices)
        optimizer.apply([gradient], [table])

    step(tf.constant([[2, 3], [3, 2]], tf.int64))

    changed = (before != table.numpy()).any(axis=1)
    assert changed.tolist() == [False, False, True, True, False, False]


def test_rows_are_summed():
    rows, values = sum_of_rows(_slices([[1] * 3, [2] * 3, [4] * 3], [7, 3, 7]))

    assert rows.numpy().tolist() == [7, 3]
    assert values.numpy().tolist() == [[5] * 3, [2] * 3]
