"""Training and measurement of a model without a feature."""

from __future__ import annotations

import dataclasses
import logging
import math

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.errors import InputError
from config.training import WarmStart
from ctr.ablation.ablate import ablate
from ctr.ablation.measure import eval_labels, quality, train_and_score


def _with_training(trained, **settings):
    training = trained.part.training.model_copy(update=settings)
    part = trained.part.model_copy(update={"training": training})
    return dataclasses.replace(trained, part=part)


def test_quality_by_hand():
    """3 of the 4 pairs of a click and a non-click are in order."""
    labels = np.array([0, 0, 1, 1], np.float32)
    logits = np.log(np.array([1 / 9, 1.0, 1 / 3, 4.0], np.float32))
    found = quality(labels, logits)

    assert found.auc == 0.75
    # Of probabilities .1, .5, .25 and .8.
    penalty = -math.log(0.9) - math.log(0.5) - math.log(0.25) - math.log(0.8)
    assert found.log_loss == pytest.approx(penalty / 4)


def test_a_model_that_is_sure_and_wrong_has_a_finite_loss():
    assert math.isfinite(
        quality(np.array([0.0, 1.0]), np.array([90.0, -90.0])).log_loss
    )


def test_labels_and_logits_are_in_the_order_of_the_examples(trained, run):
    devices = [row["device"][0] for row in run.problem.rows[250:]]
    labels = eval_labels(trained)
    logits = train_and_score(_with_training(trained, epochs=3))

    assert len(set(zip(devices, labels, strict=True))) == 2
    assert logits.shape == labels.shape == (150,)
    assert logits[labels == 1].mean() > logits[labels == 0].mean() + 1


def test_vectors_are_kept_and_a_base_model_is_not(trained, tmp_path, caplog):
    vectors = tmp_path / "tags.parquet"
    pq.write_table(pa.table({"term": ["x"], "vector": [[1.0, 2.0, 3.0, 4.0]]}), vectors)
    start = WarmStart(
        model="last_release",
        vectors={"tags": str(vectors), "device": str(tmp_path / "none.parquet")},
    )
    warm = _with_training(trained, warm_start=start, epochs=1)
    with caplog.at_level(logging.INFO, logger="trainer"):
        train_and_score(warm.without("device"))

    lines = [line for line in caplog.messages if "warm start" in line]
    assert lines == [f"warm start of tags from {vectors}: 1 of its 3 terms"]


def test_without_its_only_feature_nothing_is_left(trained):
    for name in ("device", "tags", "age", "price"):
        trained = trained.without(name)

    with pytest.raises(InputError, match="user"):
        ablate(trained, ["user"], progress=None)
