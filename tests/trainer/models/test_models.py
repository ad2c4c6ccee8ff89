"""What holds for every registered model."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from config.model import Model
from trainer.data.inputs import IdInput, ModelInputs
from trainer.models import MODELS

ID = IdInput("ad", 7, 4)
IDS = IdInput("tags", 7, 4, multivalued=True)
PAST = IdInput("past", 7, 4, multivalued=True, like="ad")
CROSS = IdInput("ad_x_site", 9, 4, crossed=True)
CROSSES = IdInput("ad_x_tags", 9, 4, multivalued=True, crossed=True)
UNRESTRAINED = {"dropout": 0.0, "batch_norm": False, "wide_l1": 0.0}

COLUMNS = {
    "one id": ((ID,), ()),
    "one number": ((), ("age",)),
    "no cross": ((ID, IDS), ("age",)),
    "a sequence": ((PAST, ID), ()),
    "everything": ((ID, IDS, PAST, CROSS, CROSSES), ("age", "price")),
    # Names that layers and operations of Keras have too.
    "odd names": (
        tuple(IdInput(name, 3, 2) for name in ("add", "wide_add", "deep_logit")),
        ("concatenate", "reshape"),
    ),
}


def _batch(inputs, rows, seed=0):
    rng = np.random.default_rng(seed)
    batch = {
        column.name: rng.integers(
            0, column.num_ids, (rows, 3) if column.multivalued else rows
        )
        for column in inputs.ids
    }
    return batch | {name: rng.normal(size=rows) for name in inputs.numbers}


def test_every_model_that_can_be_configured_is_registered():
    assert set(MODELS) == set(Model.kinds())


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("columns", COLUMNS)
def test_any_columns_make_a_model_of_one_logit(build, kind, columns):
    inputs = ModelInputs(*COLUMNS[columns])
    model = build(kind, inputs)

    logits = model(_batch(inputs, rows=5)).numpy()
    assert logits.shape == (5, 1)
    assert np.isfinite(logits).all()


@pytest.mark.parametrize("kind", MODELS)
def test_overfits_what_can_be_separated(build, kind):
    keras.utils.set_random_seed(0)
    inputs = ModelInputs(*COLUMNS["everything"])
    rows = _batch(inputs, rows=64)
    labels = (rows["age"] > 0).astype("float32")[:, None]
    model = build(
        kind, inputs, **UNRESTRAINED, learning_rate=0.1, wide_learning_rate=1.0
    )
    model.fit(rows, labels, epochs=60, batch_size=64, verbose=0)

    metrics = model.evaluate(rows, labels, verbose=0, return_dict=True)
    assert metrics["auc"] > 0.999
    assert metrics["log_loss"] < 0.2


@pytest.mark.parametrize("kind", ["wide_deep", "dcn_v2"])
def test_the_seed_decides_everything(build, kind):
    inputs = ModelInputs(*COLUMNS["everything"])
    rows = _batch(inputs, rows=32)
    labels = np.resize([0.0, 1.0], (32, 1))

    def trained(seed):
        keras.utils.set_random_seed(seed)
        model = build(kind, inputs)
        model.fit(rows, labels, epochs=2, batch_size=8, verbose=0)
        return model(rows, training=False).numpy()

    first = trained(seed=1)
    np.testing.assert_array_equal(trained(seed=1), first)
    assert not np.allclose(trained(seed=2), first)


@pytest.mark.parametrize("kind", ["wide_deep", "deepfm"])
def test_log_loss_leaves_regularisation_out(build, kind):
    inputs = ModelInputs(*COLUMNS["no cross"])
    model = build(kind, inputs, kernel_l2=100.0)
    rows, labels = _batch(inputs, rows=16), np.resize([0.0, 1.0], (16, 1))
    probability = 1 / (1 + np.exp(-model(rows, training=False).numpy()))
    expected = -np.mean(np.log(np.where(labels == 1, probability, 1 - probability)))

    metrics = model.evaluate(rows, labels, verbose=0, return_dict=True)
    assert metrics["log_loss"] == pytest.approx(expected, abs=1e-5)
    assert metrics["loss"] > metrics["log_loss"] + 0.01


@pytest.mark.parametrize("kind", ["linear", "embedding_mlp"])
def test_examples_without_weight_are_not_learned_from(build, kind):
    keras.utils.set_random_seed(0)
    inputs = ModelInputs(*COLUMNS["one id"])
    rows = {"ad": np.resize([1, 2], 64)}
    labels = np.ones((64, 1))
    # All that contradicts the label 1 has the weight 0.
    labels[::2] = 0
    weights = labels[:, 0]
    model = build(kind, inputs, **UNRESTRAINED, learning_rate=0.05)
    model.fit(rows, labels, sample_weight=weights, epochs=20, verbose=0)

    assert (model(rows).numpy() > 0).all()
