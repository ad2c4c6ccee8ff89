"""The two parts of Wide&Deep, trained jointly by an optimizer each."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from trainer.data.inputs import IdInput, ModelInputs
from trainer.optimizers.sparse import LazyAdam, SparseFtrl

AD = IdInput("ad", 6, 4)
TAGS = IdInput("tags", 6, 4, multivalued=True)
CROSS = IdInput("ad_x_tags", 9, 4, multivalued=True, crossed=True)
INPUTS = ModelInputs(ids=(AD, TAGS, CROSS), numbers=("age",))
ROWS = {
    "ad": np.array([1, 2, 3, 1]),
    "tags": np.array([[1, 2], [3, 0], [0, 0], [4, 5]]),
    "ad_x_tags": np.array([[1, 2], [3, 0], [0, 0], [4, 5]]),
    "age": np.array([0.1, -1.0, 2.0, 0.5]),
}
LABELS = np.array([[1.0], [0.0], [1.0], [0.0]])


@pytest.fixture
def wide_deep(build):
    """A function from settings to a small Wide&Deep model."""

    def wide_deep(inputs=INPUTS, **settings):
        keras.utils.set_random_seed(0)
        return build("wide_deep", inputs, **settings)

    return wide_deep


def _train(model, steps=1):
    for _ in range(steps):
        model.train_on_batch(ROWS, LABELS)


def test_ftrl_trains_the_wide_part_and_the_configured_optimizer_the_deep(wide_deep):
    model = wide_deep(optimizer="adam")
    owners = {v.path: type(model.optimizer.owner(v)) for v in model.trainable_variables}

    assert {path for path, owner in owners.items() if owner is SparseFtrl} == {
        f"wide.{column.name}/table" for column in INPUTS.ids
    }
    assert {o for path, o in owners.items() if path.startswith("deep.")} == {LazyAdam}
    assert len(owners) == len(model.trainable_variables)


def test_both_parts_learn_from_the_joint_error(wide_deep):
    """The wide part's first step depends on what the deep part says."""
    model, other = wide_deep(wide_l1=0.0), wide_deep(wide_l1=0.0)
    other.get_layer("deep.logit").bias.assign([5.0])
    _train(model)
    _train(other)

    wide = model.get_layer("wide.ad").get_weights()[0]
    assert not np.allclose(wide, other.get_layer("wide.ad").get_weights()[0])


def test_weights_of_ids_that_did_not_occur_stay_zero(wide_deep):
    model = wide_deep(wide_l1=0.0)
    _train(model)
    weights = model.get_layer("wide.ad").get_weights()[0][:, 0]

    assert (weights != 0).tolist() == [False, True, True, True, False, False]


def test_crosses_are_wide_only(wide_deep):
    model = wide_deep(wide_learning_rate=1.0, wide_l1=0.0)
    _train(model, steps=3)
    other_cross = {**ROWS, "ad_x_tags": np.full((4, 2), 6)}
    with_cross, without_cross = model(ROWS).numpy(), model(other_cross).numpy()
    deep = keras.Model(model.inputs, model.get_layer("deep.logit").output)

    assert not np.allclose(with_cross, without_cross)
    np.testing.assert_array_equal(deep(ROWS).numpy(), deep(other_cross).numpy())


def test_the_logit_is_the_sum_of_wide_weights_and_deep_logit(wide_deep):
    model = wide_deep(wide_l1=0.0)
    _train(model, steps=3)
    ad, tags, cross = (
        model.get_layer(f"wide.{column.name}").get_weights()[0][:, 0]
        for column in INPUTS.ids
    )
    deep = keras.Model(model.inputs, model.get_layer("deep.logit").output)
    first_row = ad[1] + tags[1] + tags[2] + cross[1] + cross[2] + deep(ROWS).numpy()[0]

    np.testing.assert_allclose(model(ROWS).numpy()[0], first_row, rtol=1e-5)


def test_strong_l1_leaves_no_wide_weight_and_none_leaves_them_all(wide_deep):
    strong, none = wide_deep(wide_l1=1.0), wide_deep(wide_l1=0.0)
    _train(strong, steps=5)
    _train(none, steps=5)

    for column in INPUTS.ids:
        assert not strong.get_layer(f"wide.{column.name}").table.numpy().any()
    assert np.count_nonzero(none.get_layer("wide.ad").get_weights()[0]) == 3
    # The deep part is not affected.
    assert np.count_nonzero(strong.get_layer("deep.dense.1").get_weights()[0])
