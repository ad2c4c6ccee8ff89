"""Models are computed as they would be elsewhere, whatever their graphs hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
import tensorflow as tf

from serving.server.session import ModelSession
from serving.server.status import StatusError


@pytest.fixture
def load(tmp_path):
    """Exports a function on a vector of numbers, and loads it."""
    sessions = []

    def _load(function):
        module = tf.Module()
        module.table = tf.lookup.StaticHashTable(
            tf.lookup.KeyValueTensorInitializer(["a", "b"], [1.0, 2.0]), 0.0
        )
        module.scale = tf.Variable(3.0)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, name="x")])
        def serve(x):
            return {"y": function(module, x)}

        tf.saved_model.save(module, str(tmp_path), {"serving_default": serve})
        session = ModelSession("m", 1, str(tmp_path))
        sessions.append(session)
        return session

    yield _load
    for session in sessions:
        session.close()


def _run(session, values):
    signature = session.signature("")
    array = np.array(values, np.float32)
    (answer,) = session.run(signature.feeds, [array], signature.fetches, math.inf)
    return answer.tolist()


def test_variables_and_tables_are_there(load):
    session = load(
        lambda module, x: x * module.scale + module.table.lookup(tf.constant("b"))
    )

    assert _run(session, [1.0, 2.0]) == [5.0, 8.0]
    assert _run(session, []) == []


def test_loops_and_conditions_are_computed(load):
    def function(module, x):
        doubled = tf.cond(tf.size(x) > 1, lambda: 2.0 * x, lambda: x)
        _, total = tf.while_loop(
            lambda count, _: count < 4,
            lambda count, total: (count + 1, total + module.scale),
            (0, doubled),
        )
        return total

    session = load(function)
    assert _run(session, [1.0]) == [1.0 + 4 * 3]
    assert _run(session, [1.0, 2.0]) == [2.0 + 12, 4.0 + 12]


def test_tensorflow_1_control_flow_is_computed(tmp_path):
    """Conditions that are operations of the graph need another executor."""
    v1 = tf.compat.v1
    path = str(tmp_path / "model")
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None], "x")
        few, many = tf.raw_ops.Switch(data=x, pred=tf.size(x) > 1)
        y, _ = tf.raw_ops.Merge(inputs=[few, 2.0 * many])
        v1.saved_model.simple_save(session, path, {"x": x}, {"y": y})
    session = ModelSession("m", 1, path)

    assert _run(session, [1.0]) == [1.0]
    assert _run(session, [1.0, 2.0]) == [2.0, 4.0]
    session.close()


def test_an_output_may_be_asked_for_twice(load):
    session = load(lambda _, x: -x)
    signature = session.signature("")
    twice = signature.fetches * 2

    answers = session.run(signature.feeds, [np.float32([1])], twice, math.inf)
    assert [answer.tolist() for answer in answers] == [[-1.0], [-1.0]]


def test_a_failed_operation_has_its_message(load):
    def function(_, x):
        with tf.control_dependencies([tf.debugging.assert_positive(x, "too low")]):
            return tf.identity(x)

    session = load(function)
    assert _run(session, [1.0]) == [1.0]
    with pytest.raises(StatusError) as caught:
        _run(session, [-1.0])
    assert caught.value.code.name == "INVALID_ARGUMENT"
    assert "too low" in caught.value.details
