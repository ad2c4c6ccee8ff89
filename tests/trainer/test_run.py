"""run_fn, as TFX's Trainer calls it."""

from __future__ import annotations

import logging
from types import SimpleNamespace

import pytest
import tensorflow as tf

from trainer.models import MODELS
from trainer.run import run_fn


@pytest.mark.parametrize("kind", MODELS)
def test_the_configured_model_is_trained_and_exported(
    kind, tiny, tmp_path, write_records, caplog
):
    write_records(tmp_path / "train.gz", tiny.transformed)
    model = tiny.config.model.model_copy(update={"kind": kind})
    training = tiny.config.training.model_copy(update={"epochs": 2})
    config = tiny.config.model_copy(update={"model": model, "training": training})
    part = type(tiny.part).of(config)
    fn_args = SimpleNamespace(
        custom_config={"part": part.model_dump_json()},
        transform_output=tiny.transform.transform_savedmodel_dir.rsplit("/", 1)[0],
        train_files=[str(tmp_path / "*.gz")],
        model_run_dir=str(tmp_path / "logs"),
        serving_model_dir=str(tmp_path / "model"),
    )
    with caplog.at_level(logging.INFO, logger="trainer"):
        run_fn(fn_args)

    lines = [r.getMessage() for r in caplog.records if r.name.startswith("trainer.")]
    assert lines[0].startswith(f"{kind} with ")
    assert [line.split(":")[0] for line in lines[1:]] == ["epoch 1/2", "epoch 2/2"]
    assert list((tmp_path / "logs").rglob("events.out.tfevents.*"))
    loaded = tf.saved_model.load(fn_args.serving_model_dir)
    assert set(loaded.signatures) == {
        "serving_default",
        "predict",
        "transform_features",
    }
