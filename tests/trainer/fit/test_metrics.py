"""The AUC of a training, beside hand-computed values and scikit-learn's."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from trainer.fit.metrics import LogOddsAuc
from trainer.fit.model import ClassifierModel


def _auc(labels, logits, batches=1):
    metric = LogOddsAuc()
    parts = zip(
        np.array_split(np.asarray(labels, "float32"), batches),
        np.array_split(np.asarray(logits, "float32"), batches),
        strict=True,
    )
    for label, logit in parts:
        metric.update_state(label.reshape(-1, 1), logit.reshape(-1, 1))
    return float(metric.result())


@pytest.mark.parametrize(
    ("labels", "logits", "auc"),
    [
        ([0, 1], [-1, 1], 1.0),
        ([0, 1], [1, -1], 0.0),
        # Ties count half.
        ([0, 1], [2, 2], 0.5),
        ([0, 0, 1, 1], [-1, 0, 0, 1], 3.5 / 4),
        # Saturated logits are ties at the ends.
        ([0, 1], [40, 50], 0.5),
        ([0, 1, 1], [-1e30, -9, 1e30], 1.0),
        ([0, 1, 1], [-math.inf, 0, math.inf], 1.0),
    ],
)
def test_hand_computed(labels, logits, auc):
    assert _auc(labels, logits) == auc


@pytest.mark.parametrize("labels", [[0, 0], [1, 1], []])
def test_undefined_without_both_classes(labels):
    assert math.isnan(_auc(labels, [-1.0, 1.0][: len(labels)]))


@pytest.mark.parametrize("click_rate", [0.2, 1e-5])
@pytest.mark.parametrize("spread", [0.05, 3.0])
def test_the_error_is_below_a_ten_thousandth_at_any_click_rate(click_rate, spread):
    random = np.random.default_rng(1)
    count = 1_000_000
    logits = math.log(click_rate) + spread * random.normal(size=count)
    odds = np.exp(logits - spread**2 / 2)
    labels = random.random(count) < odds / (1 + odds)
    assert 2 <= labels.sum() < count
    exact = roc_auc_score(labels, logits.astype("float32"))

    assert _auc(labels, logits, batches=7) == pytest.approx(exact, abs=1e-4)


@given(
    st.lists(
        st.tuples(st.booleans(), st.integers(-2000, 2000)), min_size=1, max_size=60
    )
)
def test_exact_where_scores_differ_by_more_than_a_bin(rows):
    labels = [label for label, _ in rows]
    logits = [score / 100 for _, score in rows]
    if len(set(labels)) < 2:
        assert math.isnan(_auc(labels, logits))
    else:
        assert _auc(labels, logits) == pytest.approx(roc_auc_score(labels, logits))


def test_an_epoch_ends_with_the_results_of_all_its_batches():
    inputs = keras.Input((1,))
    model = ClassifierModel(inputs, keras.layers.Dense(1, use_bias=False)(inputs))
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=[LogOddsAuc()])
    random = np.random.default_rng(2)
    x = random.normal(size=(500, 1)).astype("float32")
    y = (random.random(500) < 0.3).astype("float32")

    history = model.fit(
        x, y, batch_size=64, epochs=2, validation_data=(x, y), verbose=0
    )

    logits = model.predict(x, verbose=0)
    found = history.history
    assert found["val_auc"][-1] == pytest.approx(roc_auc_score(y, logits), abs=1e-4)
    assert (
        model.evaluate(x, y, return_dict=True, verbose=0)["auc"] == found["val_auc"][-1]
    )
    assert all(0 < loss < 5 for loss in found["loss"] + found["val_loss"])
