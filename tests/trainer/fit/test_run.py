"""run_fn, as TFX's Trainer calls it."""

from __future__ import annotations

import logging
import os

import keras
import pytest
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from trainer.export.record import RECORD_FILE, TrainingRecord
from trainer.fit import run
from trainer.fit.callbacks import training_callbacks
from trainer.models import MODELS


@pytest.mark.parametrize("kind", MODELS)
def test_the_configured_model_is_trained_and_exported(kind, train_tiny, caplog):
    with caplog.at_level(logging.INFO, logger="trainer"):
        trained = train_tiny({"epochs": 2}, kind)

    lines = [r.getMessage() for r in caplog.records if r.name.startswith("trainer.")]
    assert lines[0].startswith(f"{kind} with ")
    assert [line.split(":")[0] for line in lines[1:3]] == ["epoch 1/2", "epoch 2/2"]
    record = TrainingRecord.model_validate(trained.record)
    assert lines[3:] == [record.in_words()]
    assert (record.wide_rows is not None) == (kind in ("linear", "wide_deep", "deepfm"))
    assert list(trained.logs.rglob("events.out.tfevents.*"))
    loaded = tf.saved_model.load(str(trained.saved_model))
    signatures = {"serving_default", "predict", "transform_features"}
    assert set(loaded.signatures) - {"attention"} == signatures
    assert ("attention" in loaded.signatures) == (kind == "din")


def test_the_validation_auc_of_each_epoch_is_that_of_the_held_out_examples(
    tiny, tmp_path, monkeypatch
):
    """Held out at a fraction of 0.25: the first example and each fourth after it."""
    spec = tiny.transform.transformed_feature_spec()
    held_out = tiny.inputs.dense(tf.io.parse_example(tiny.transformed[::4], spec))
    labels = [row["click"][0] for row in tiny.rows[::4]]
    expected = []

    class Judge(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            logits = self.model(held_out, training=False).numpy()
            expected.append(roc_auc_score(labels, logits[:, 0]))

    def with_judge(*arguments):
        return [*training_callbacks(*arguments), Judge()]

    monkeypatch.setattr(run, "training_callbacks", with_judge)
    training = tiny.part.training.model_copy(
        update={"epochs": 3, "validation_fraction": 0.25}
    )
    part = tiny.part.model_copy(update={"training": training})
    files = [str(tiny.schema.parent / "rows.gz")]
    run.train(part, tiny.inputs, tiny.transform, files, str(tmp_path / "logs"))

    text = (tmp_path / "logs" / RECORD_FILE).read_text()
    history = TrainingRecord.model_validate_json(text).history
    found = [epoch.validation_auc for epoch in history]
    assert len(set(found)) > 1
    # Logits of one bin, which are less than 1/4096 apart, count as equal.
    assert found == pytest.approx(expected, abs=1e-3)


def test_large_tables_are_trained_in_a_process_of_its_own(
    train_tiny, caplog, monkeypatch
):
    monkeypatch.setattr(run, "_MANY_IDS", 1)
    with caplog.at_level(logging.INFO, logger="trainer"):
        trained = train_tiny({"epochs": 1})

    processes = {r.process for r in caplog.records if r.name == "trainer.fit.run"}
    assert len(processes) == 1
    assert os.getpid() not in processes
    assert tf.saved_model.contains_saved_model(str(trained.saved_model))


def test_the_values_of_the_best_trial_replace_those_configured(train_tiny, caplog):
    values = {"embedding_size": 3, "hidden_units": "[5, 2]", "batch_norm": "false"}
    hyperparameters = {"space": [], "values": values}
    with caplog.at_level(logging.INFO, logger="trainer"):
        trained = train_tiny({}, arguments={"hyperparameters": hyperparameters})

    assert caplog.records[0].getMessage() == (
        "from the best trial: embedding_size 3, hidden_units [5, 2], batch_norm False"
    )
    shapes = {values.shape for values in trained.weights().values()}
    assert (11, 3) in shapes, "10 buckets of users, and a missing one"
    assert (5, 2) in shapes
