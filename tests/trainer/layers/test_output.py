"""From parts of a logit to the logit, and what makes up for sampling."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.model import Linear
from config.training import Training
from trainer.data.inputs import IdInput, ModelInputs
from trainer.fit.classifier import build_classifier
from trainer.fit.loop import fit
from trainer.layers.output import Recalibration

EXAMPLES = 30_000
AD = IdInput("ad", 8, 1)
INPUTS = ModelInputs(ids=(AD,), numbers=())


def _sigmoid(logit):
    return 1 / (1 + np.exp(-logit))


@pytest.mark.parametrize("rate", [0.01, 0.5, 1.0])
def test_undersampled_predictions_are_corrected_by_the_formula_of_he_et_al(rate):
    """Section 6.3: q = p / (p + (1 - p) / w)."""
    layer = Recalibration(rate, positive_weight=1.0)
    logit = tf.constant([[-5.0], [-1.0], [0.0], [3.0]])
    p = _sigmoid(layer(logit, training=True).numpy())
    q = _sigmoid(layer(logit, training=False).numpy())

    np.testing.assert_allclose(q, p / (p + (1 - p) / rate), rtol=1e-5)


def test_a_shift_worked_out_by_hand():
    """One click in 100 becomes one in 10.9 where a tenth of the others is left, and
    3 in 12.9 where each click counts as three."""
    layer = Recalibration(0.1, positive_weight=3.0)
    logit = tf.constant([[np.log(1 / 99)]], tf.float32)

    assert _sigmoid(layer(logit).numpy()).item() == pytest.approx(0.01)
    sampled = _sigmoid(layer(logit, training=True).numpy()).item()
    assert sampled == pytest.approx(3 / (3 + 9.9))


class _Clicks:
    """Clicks on eight ads, of which a share of those without a click is trained on."""

    examples = EXAMPLES

    def __init__(self, negative_rate):
        rng = np.random.default_rng(0)
        self.ads = rng.integers(0, 8, EXAMPLES)
        clicked = rng.random(EXAMPLES) < 0.02 + 0.02 * self.ads
        self.labels = clicked[:, None].astype("float32")
        kept = clicked | (rng.random(EXAMPLES) < negative_rate)
        self._kept = self._batches(kept)

    def _batches(self, rows):
        columns = {"ad": self.ads[rows]}, self.labels[rows]
        return tf.data.Dataset.from_tensor_slices(columns).batch(500)

    def train(self, first_epoch=0):
        return self._kept.repeat()

    def steps(self, epoch):
        return int(self._kept.cardinality())

    @property
    def validation(self):
        return self._batches(np.arange(EXAMPLES))


@pytest.mark.parametrize(
    ("negative_rate", "positive_weight"),
    [(1.0, 1.0), (0.1, 3.0)],
)
def test_predictions_are_those_of_the_full_data(negative_rate, positive_weight):
    """A model of dropped and weighted examples has the click rates of all examples."""
    keras.utils.set_random_seed(1)
    model = build_classifier(
        "linear",
        Linear(wide_learning_rate=0.3, wide_l1=0.0, wide_l2=0.0),
        INPUTS,
        Training(negative_rate=negative_rate, positive_weight=positive_weight),
    )
    data = _Clicks(negative_rate)
    fit(model, data, 4, [], positive_weight)
    ids = np.arange(8)
    predicted = _sigmoid(model({"ad": ids}, training=False).numpy()[:, 0])

    mean = predicted[data.ads].mean()
    assert mean == pytest.approx(data.labels.mean(), rel=0.03)
    rates = [data.labels[data.ads == ad].mean() for ad in ids]
    np.testing.assert_allclose(predicted, rates, atol=0.02)


def test_a_weight_counts_in_the_training_loss_alone():
    """Metrics, and all that validation says, count each example once."""
    keras.utils.set_random_seed(1)
    still = Linear(wide_learning_rate=1e-9)
    data = _Clicks(1.0)

    def history(weight):
        model = build_classifier("linear", still, INPUTS, Training())
        return fit(model, data, 1, [], weight)

    once, thrice = history(1.0), history(3.0)
    # All predictions are one half.
    clicks = data.labels.mean()
    assert thrice["loss"] == pytest.approx([np.log(2) * (1 + 2 * clicks)], rel=1e-4)
    for name in ("log_loss", "auc", "val_loss", "val_log_loss", "val_auc"):
        assert thrice[name] == pytest.approx(once[name], rel=1e-5)
