"""What the settings of training do, from files to the exported model."""

from __future__ import annotations

import logging

import numpy as np
import pytest
import tensorflow as tf

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


def test_a_plateau_lowers_the_learning_rates(train_tiny, caplog):
    """Of a model that hardly learns, so that its AUC stays where it is."""
    training = {
        "epochs": 4,
        "patience": 4,
        "reduce_learning_rate": {"factor": 0.1, "patience": 1},
    }
    with caplog.at_level(logging.INFO, logger="trainer"):
        train_tiny(training, "linear", wide_learning_rate=1e-9)

    lines = [
        r.getMessage() for r in caplog.records if r.name == "trainer.fit.callbacks"
    ]
    rates = [line.partition("learning rates x ")[2].split(" ")[0] for line in lines]
    assert rates[:3] == ["", "", "0.1"]


def test_training_ends_when_it_gets_no_better(train_tiny):
    record = train_tiny(
        {"epochs": 20, "patience": 3}, "linear", wide_learning_rate=1e-9
    ).record

    assert (record["best_epoch"], record["epochs"]) == (1, 4)
    assert record["examples_per_second"] > 0
