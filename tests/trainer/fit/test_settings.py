"""What the settings of training do, from files to the exported model."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import config

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "sampling",
    [{}, {"negative_rate": 0.3}, {"positive_weight": 3.0}],
    ids=["all", "fewer negatives", "weightier positives"],
)
def test_predictions_have_the_mean_of_the_full_data(sampling, train_tiny, tiny):
    training = {"epochs": 30, "patience": 30, "validation_fraction": 0.2, **sampling}
    model = train_tiny(training, "linear", wide_learning_rate=0.2)
    serve = tf.saved_model.load(str(model.saved_model)).signatures["serving_default"]
    examples = tf.constant(tiny.as_examples(tiny.rows), tf.string)
    predicted = serve(examples=examples)["probability"].numpy()

    labels = [row["click"][0] for row in tiny.rows]
    assert predicted.mean() == pytest.approx(np.mean(labels), rel=0.15)
    assert np.ptp(predicted) > 0.2


def test_a_small_norm_makes_small_steps(train_tiny):
    settings = {"optimizer": "adagrad", "learning_rate": 0.1, "batch_norm": False}
    kernel = "deep.dense.1/kernel"
    still = train_tiny({"clip_norm": 1e-9, "epochs": 1}, **settings).weights()[kernel]
    later = train_tiny({"clip_norm": 1e-9, "epochs": 3}, **settings).weights()[kernel]
    moved = train_tiny({"epochs": 1}, **settings).weights()[kernel]

    np.testing.assert_allclose(still, later, atol=1e-6)
    assert np.abs(still - moved).max() > 0.01


def test_two_deterministic_runs_agree(train_tiny):
    """From files, with all that is random: weights, dropout, shuffling, sampling."""
    training = {"deterministic": True, "negative_rate": 0.5}
    first = train_tiny(training, dropout=0.3).weights()
    second = train_tiny(training, dropout=0.3).weights()

    assert any(np.ptp(values) > 0.1 for values in first.values())
    for name, values in first.items():
        np.testing.assert_allclose(second[name], values, atol=1e-6, err_msg=name)
    # It holds for a whole process, and this one has other work to do.
    assert not config.is_op_determinism_enabled()
