"""Seen and unseen rows of the tables after a training."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from config.model import EmbeddingMlp, WideDeep
from config.training import Training
from trainer.data.inputs import IdInput, ModelInputs
from trainer.export.tables import fill_unseen_rows, wide_rows
from trainer.fit.classifier import build_classifier

INPUTS = ModelInputs(
    ids=(
        IdInput("ad", 8, 4),
        IdInput("tags", 9, 4, multivalued=True),
        IdInput("ad_x_tags", 30, 4, crossed=True),
    ),
    numbers=(),
)
# Ads 2, 3 and 5; tags 1 and 4, the zeros being padding; crosses 7 and 9.
EXAMPLES = {
    "ad": np.array([2, 3, 2, 5]),
    "tags": np.array([[1, 4], [4, 0], [1, 1], [4, 1]]),
    "ad_x_tags": np.array([7, 9, 7, 7]),
}
LABELS = np.array([[1.0], [0.0], [1.0], [0.0]])
SEEN = {"ad": [2, 3, 5], "tags": [1, 4], "ad_x_tags": [7, 9]}
LOOKUPS = {"ad": [2, 1, 1], "tags": [3, 3], "ad_x_tags": [3, 1]}
COUNTS = {
    column.name: np.bincount(
        np.repeat(SEEN[column.name], LOOKUPS[column.name]), minlength=column.num_ids
    )
    for column in INPUTS.ids
}


@pytest.fixture
def train():
    """A function: a model trained with some settings."""

    def train(examples=EXAMPLES, **settings):
        keras.utils.set_random_seed(1)
        block = WideDeep(hidden_units=(4,), **settings)
        model = build_classifier("wide_deep", block, INPUTS, Training())
        for _ in range(3):
            model.train_on_batch(examples, LABELS)
        return model

    return train


def _table(model, name):
    return model.get_layer(name).table.numpy()


@pytest.mark.parametrize("optimizer", ["adagrad", "adam"])
@pytest.mark.parametrize("part", ["deep.embedding", "wide"])
def test_unseen_rows_get_the_mean_of_the_lookups(train, optimizer, part):
    model = train(optimizer=optimizer, wide_l1=0.0)
    names = [name for name in SEEN if part == "wide" or "_x_" not in name]
    before = {name: _table(model, f"{part}.{name}") for name in names}
    fill_unseen_rows(model, COUNTS, {})

    for name in names:
        after, seen = _table(model, f"{part}.{name}"), SEEN[name]
        np.testing.assert_array_equal(after[seen], before[name][seen])
        unseen = np.delete(np.arange(len(after)), seen)
        looked_up = np.repeat(before[name][seen], LOOKUPS[name], axis=0)
        mean = looked_up.astype(np.float64).mean(axis=0)
        np.testing.assert_allclose(after[unseen], np.tile(mean, (len(unseen), 1)))
        assert not np.allclose(before[name][unseen[0]], mean)


def test_rows_of_a_warm_start_stay(train):
    model = train()
    before = _table(model, "deep.embedding.ad")
    given = np.zeros(8, bool)
    given[[1, 2]] = True
    fill_unseen_rows(model, COUNTS, {"deep.embedding.ad/table": given})
    after = _table(model, "deep.embedding.ad")

    same = (before == after).all(axis=1)
    assert np.flatnonzero(same).tolist() == [1, 2, 3, 5]


def test_a_table_without_seen_rows_stays(train):
    model = train()
    before = _table(model, "deep.embedding.tags")
    fill_unseen_rows(model, {**COUNTS, "tags": np.zeros(9, int)}, {})

    np.testing.assert_array_equal(_table(model, "deep.embedding.tags"), before)


def test_zero_wide_weights_are_counted_among_the_seen_ones(train):
    assert wide_rows(train(wide_l1=0.0), COUNTS) == (7, 0.0)
    assert wide_rows(train(wide_l1=100.0), COUNTS) == (7, 1.0)
    model = train(wide_l1=0.0)
    table = model.get_layer("wide.ad").table
    values = table.numpy()
    values[[3, 5]] = 0.0
    table.assign(values)

    assert wide_rows(model, COUNTS) == (7, pytest.approx(2 / 7))


def test_a_model_without_a_wide_part_has_no_wide_rows():
    model = build_classifier("embedding_mlp", EmbeddingMlp(), INPUTS, Training())

    assert wide_rows(model, COUNTS) is None
