"""The layer that calibrates logits."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from trainer.layers.calibration import CalibratedLogit

INPUTS = np.array([-1.0, 0.0, 2.0])
OUTPUTS = np.array([-3.0, 1.0, 2.0])


def apply(layer, logits, *ids):
    logits = tf.constant(logits, tf.float32)[:, tf.newaxis]
    return layer(logits, [tf.constant(each, tf.int64) for each in ids]).numpy()[:, 0]


def test_the_curve_is_linear_between_the_knots_and_beyond_them():
    layer = CalibratedLogit(INPUTS, OUTPUTS)

    found = apply(layer, [-2.0, -1.0, -0.5, 0.0, 1.0, 2.0, 4.0])
    assert found.tolist() == [-7.0, -3.0, -1.0, 1.0, 1.5, 2.0, 3.0]


def test_two_knots_are_a_straight_line():
    layer = CalibratedLogit(np.array([0.0, 1.0]), np.array([0.5, 2.5]))

    assert apply(layer, [-1.0, 0.0, 3.0]).tolist() == [-1.5, 0.5, 6.5]


def test_each_column_of_ids_adds_its_offset():
    offsets = [np.array([0.0, 0.25]), np.array([0.5, 0.0, -1.0])]
    layer = CalibratedLogit(INPUTS, OUTPUTS, offsets)

    assert apply(layer, [0.0, 2.0], [1, 0], [2, 0]).tolist() == [0.25, 2.5]


def test_training_leaves_it_alone():
    layer = CalibratedLogit(INPUTS, OUTPUTS, [np.zeros(2)])

    assert layer.trainable_variables == []
    assert len(layer.weights) == 4


def test_an_empty_batch_has_no_logits():
    assert apply(CalibratedLogit(INPUTS, OUTPUTS, [np.zeros(2)]), [], []).size == 0


@pytest.mark.parametrize("logit", [-1.0, 0.0, 2.0])
def test_it_does_not_jump_at_a_knot(logit):
    layer = CalibratedLogit(INPUTS, OUTPUTS)
    below, above = apply(layer, np.nextafter(np.float32(logit), [-9, 9], dtype="f"))

    assert above == pytest.approx(below, abs=1e-5)
