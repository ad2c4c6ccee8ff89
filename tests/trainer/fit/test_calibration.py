"""Calibration of a model on held-out examples."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from config.calibration import Calibration
from config.features import Categorical
from trainer.data.inputs import IdInput, ModelInputs
from trainer.fit.calibration import (
    calibrate,
    fit_offsets,
    isotonic_curve,
    platt_curve,
)


def examples(*groups):
    """Logits and labels of groups: (logit, examples, clicks)."""
    logits = np.repeat(
        [float(logit) for logit, _, _ in groups], [n for _, n, _ in groups]
    )
    labels = [np.arange(n) < clicks for _, n, clicks in groups]
    return logits, np.concatenate(labels).astype(np.float64)


def test_a_knot_for_each_step_of_the_click_rates():
    """By hand, for two groups of 40 examples at the logits -1 and 1.

    p = 1 / (1 + e) = 0.268941, so the prior counts as 4 / (p (1 - p)) = 20.344645
    examples: rate (5 + 20.344645 p) / 60.344645 = 0.173529, whose log-odds are
    -1.560823; in the other group 35 clicks and 1 - p.
    """
    curve = isotonic_curve(*examples((-1, 40, 5), (1, 40, 35)))

    assert curve.inputs == pytest.approx([-2, -1, 1, 2])
    expected = [-2.560823, -1.560823, 1.560823, 2.560823]
    assert curve.outputs == pytest.approx(expected, abs=1e-6)


def test_groups_whose_rates_fall_share_a_knot():
    """Both groups together: mean prediction and click rate are a half."""
    curve = isotonic_curve(*examples((-1, 40, 30), (1, 40, 10)))

    assert curve.inputs == pytest.approx([-1, 0, 1])
    assert curve.outputs == pytest.approx([-1, 0, 1])


def test_examples_of_one_logit_are_shifted():
    curve = isotonic_curve(*examples((0.5, 90, 30)))

    assert np.diff(curve(np.array([-3.0, 0.5, 2.0]))) == pytest.approx([3.5, 1.5])


def test_predictions_that_are_right_stay_what_they_are():
    rng = np.random.default_rng(0)
    logits = rng.normal(-1, 1.5, 100_000)
    labels = (rng.random(len(logits)) < 1 / (1 + np.exp(-logits))).astype(float)

    middle = np.linspace(-3, 1, 50)
    for fit in (isotonic_curve, platt_curve):
        assert fit(logits, labels)(middle) == pytest.approx(middle, abs=0.1)


def test_a_bend_is_straightened():
    """Logits of twice the size below 0."""
    rng = np.random.default_rng(0)
    true = rng.normal(-0.5, 1.0, 200_000)
    labels = (rng.random(len(true)) < 1 / (1 + np.exp(-true))).astype(float)
    bent = np.where(true < 0, 2 * true, true)

    middle = np.linspace(-1.5, 1, 20)
    found = isotonic_curve(bent, labels)(np.where(middle < 0, 2 * middle, middle))
    assert found == pytest.approx(middle, abs=0.1)


LOGITS = st.lists(
    st.floats(-30, 30, width=32) | st.sampled_from([-40.0, 0.0, 0.5, 90.0]),
    min_size=80,
    max_size=300,
)


@given(LOGITS, st.integers(0, 1000))
def test_an_isotonic_curve_ranks_examples_as_the_logits_do(logits, seed):
    logits = np.array(logits)
    labels = np.random.default_rng(seed).permutation(np.arange(len(logits)) % 2)
    curve = isotonic_curve(logits, labels.astype(float))

    assert (np.diff(curve.inputs) > 0).all()
    assert (np.diff(curve.outputs) > 0).all()
    assert np.isfinite(curve).all()
    rising = np.unique(logits.round(3))
    assert (np.diff(curve(rising)) > 0).all()
    distinct = logits.round(3)
    assert roc_auc_score(labels, curve(distinct)) == roc_auc_score(labels, distinct)


def test_platts_line_is_the_most_likely_one_of_his_targets():
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, 500)
    labels = (rng.random(500) < 1 / (1 + np.exp(1 - 0.5 * logits))).astype(float)
    clicks = labels.sum()

    targets = np.where(labels == 1, (clicks + 1) / (clicks + 2), 1 / (502 - clicks))
    curve = platt_curve(logits, labels)
    error = targets - 1 / (1 + np.exp(-curve(logits)))
    assert abs(error.mean()) < 1e-4
    assert abs((error * logits).mean()) < 1e-4
    line = curve(np.array([0.0, 1.0, 5.0]))
    assert line[2] - line[0] == pytest.approx(5 * (line[1] - line[0]))


def test_offsets_weigh_the_examples_against_their_spread():
    """By hand, for 100 examples each with 70 and with 30 clicks, all predicted 0.5.

    Excess 20 and -20, information 25 each, so they are 0.8 and -0.8 from their mean;
    Q = 2 x 25 x 0.64 = 32, between = 50 - 2 x 625 / 50 = 25, and the variance is
    (32 - 1) / 25 = 1.24. The most likely offset o meets 70 - 100 sigmoid(o) = o / 1.24.
    """
    logits, labels = examples((0, 100, 70), (0, 100, 30))
    found = fit_offsets(logits, labels, np.repeat([1, 2], 100), num_ids=4)

    assert found.spread == pytest.approx(1.24**0.5)
    seen = found.offsets[1]
    assert 70 - 100 / (1 + np.exp(-seen)) == pytest.approx(seen / 1.24)
    assert found.offsets[2] == pytest.approx(-seen)
    # Ids that no example has keep to the curve.
    assert found.offsets[[0, 3]].tolist() == [0.0, 0.0]


def test_a_value_with_few_examples_keeps_closer_to_the_curve():
    logits, labels = examples((0, 400, 240), (0, 400, 160), (0, 5, 3), (0, 5, 2))
    ids = np.repeat([0, 1, 2, 3], [400, 400, 5, 5])
    often, _, seldom, _ = fit_offsets(logits, labels, ids, 4).offsets

    # Both have 60% clicks, whose log-odds are 0.405.
    assert often == pytest.approx(0.405, abs=0.04)
    assert 0 < seldom < 0.15


def test_values_that_differ_by_chance_have_no_offsets():
    logits, labels = examples((0, 100, 52), (0, 100, 48))
    found = fit_offsets(logits, labels, np.repeat([0, 1], 100), 2)

    assert (found.spread, found.offsets.tolist()) == (0.0, [0.0, 0.0])


def test_a_single_value_has_no_offset():
    logits, labels = examples((0, 100, 90))

    assert fit_offsets(logits, labels, np.ones(100, int), 2).spread == 0.0


INPUTS = ModelInputs(ids=(IdInput("device", 4, 2),), numbers=("logit",))
FEATURES = {"device": Categorical()}


@pytest.fixture
def identity():
    """A model whose logit is its number; it ignores the device."""
    tensors = INPUTS.keras_inputs()
    logit = keras.layers.Reshape((1,))(tensors["logit"] + 0 * tensors["device"])
    return keras.Model(tensors, logit)


def batches(logits, labels, ids):
    columns = {"logit": logits.astype("f"), "device": ids}
    data = tf.data.Dataset.from_tensor_slices((columns, labels[:, None].astype("f")))
    return data.batch(64)


def test_the_calibrated_model_corrects_each_value(identity):
    logits, labels = examples((0, 1000, 700), (0, 1000, 500))
    ids = np.repeat([1, 2], 1000)
    settings = Calibration(method="isotonic", by=("device",))
    model, record = calibrate(
        identity, settings, INPUTS, FEATURES, batches(logits, labels, ids)
    )

    columns = {"logit": tf.zeros(3), "device": tf.constant([1, 2, 3], tf.int64)}
    first, second, unseen = tf.sigmoid(model(columns)).numpy()[:, 0]
    assert first == pytest.approx(0.7, abs=0.01)
    assert second == pytest.approx(0.5, abs=0.01)
    # As all examples together.
    assert unseen == pytest.approx(0.6, abs=0.001)
    assert (record.examples, record.clicks) == (2000, 1200)
    assert record.spreads["device"] == pytest.approx(0.6, abs=0.1)


@pytest.mark.parametrize(
    ("groups", "word"),
    [
        (((0, 500, 19),), "fewer than 20"),
        (((0, 500, 481),), "fewer than 20"),
        (((-1, 100, 80), (1, 100, 20)), "more frequent"),
    ],
)
def test_a_model_that_cannot_be_calibrated_stays_as_it_is(identity, groups, word):
    logits, labels = examples(*groups)
    held_out = batches(logits, labels, np.zeros(len(labels), int))
    model, record = calibrate(
        identity, Calibration(method="platt"), INPUTS, FEATURES, held_out
    )

    assert model is identity
    assert word in record.problem
    assert "not calibrated" in record.in_words()


def test_no_method_is_no_record(identity):
    empty = tf.data.Dataset.from_tensor_slices([])

    assert calibrate(identity, Calibration(), INPUTS, FEATURES, empty) == (
        identity,
        None,
    )


def test_the_record_of_a_training_says_what_was_fitted(train_tiny):
    calibration = {"method": "isotonic", "by": ["device", "age"]}
    trained = train_tiny({"validation_fraction": 0.5}, calibration=calibration)

    found = trained.record["calibration"]
    assert (found["method"], found["examples"]) == ("isotonic", 200)
    assert list(found["spreads"]) == ["device", "age"]
    names = {name for name in trained.weights() if name.startswith("output.")}
    assert names == {
        f"output.calibration/{name}"
        for name in ("inputs", "outputs", "slopes", "offsets_0", "offsets_1")
    }
