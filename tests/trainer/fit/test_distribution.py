"""Several replicas of a model learn what one learns."""

from __future__ import annotations

import json
import logging

import keras
import numpy as np
import pytest
import tensorflow as tf

from config.errors import ConfigError
from config.model import WideDeep
from config.training import Distribution, Training
from trainer.fit.classifier import build_classifier
from trainer.fit.distribution import is_chief, make_strategy, worker_configs
from trainer.fit.model import DistributedModel

MIRRORED = {"strategy": "mirrored", "replicas": 2}
WORKERS = {"strategy": "multi_worker", "replicas": 2}
# What is regularised counts in the mean of the batch; dropout would differ by nature.
SETTINGS = {"dropout": 0.0, "embedding_l2": 0.1, "kernel_l2": 0.01}
ADAGRAD = {**SETTINGS, "optimizer": "adagrad", "learning_rate": 0.1}
# Without batch norm: before it, the gradient of a bias is 0 but for rounding, and Adam
# makes a step of any gradient.
ADAM = {**SETTINGS, "optimizer": "adam", "learning_rate": 0.01, "batch_norm": False}


@pytest.mark.slow
@pytest.mark.parametrize(
    "distribution", [MIRRORED, WORKERS], ids=lambda d: d["strategy"]
)
@pytest.mark.parametrize("settings", [ADAGRAD, ADAM], ids=lambda s: s["optimizer"])
def test_two_replicas_learn_what_one_learns(distribution, settings, train_tiny, caplog):
    """Wide&Deep: FTRL beside AdaGrad, and beside lazy Adam; averaged over epochs."""
    training = {"ema_momentum": 0.5}
    alone = train_tiny(training, **settings)
    with caplog.at_level(logging.INFO, logger="trainer"):
        together = train_tiny({**training, "distribution": distribution}, **settings)

    expected, weights = alone.weights(), together.weights()
    assert weights.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(weights[name], values, atol=1e-5, err_msg=name)
    for name in ("epochs", "best_epoch", "wide_rows"):
        assert together.record[name] == alone.record[name]
    # One of the workers tells how it goes, and writes.
    lines = [
        r.getMessage() for r in caplog.records if r.name == "trainer.fit.callbacks"
    ]
    assert [line.split(":")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    assert len(list(together.logs.rglob("*train*/events.out.tfevents.*"))) == 1


def test_the_model_of_a_strategy_learns_what_any_model_learns(ads):
    """In this process, so that one replica must do."""
    # The last batch is smaller, and cannot be divided evenly.
    examples = ads.examples(155, batch=66)

    def history_and_weights(strategy):
        keras.utils.set_random_seed(1)
        settings = WideDeep(hidden_units=(8,), **ADAGRAD)
        training = Training(clip_norm=0.5)
        model = build_classifier("wide_deep", settings, ads.inputs, training, strategy)
        assert isinstance(model, DistributedModel) == (strategy is not None)
        history = model.fit(
            examples,
            validation_data=examples,
            epochs=3,
            verbose=0,
            shuffle=False,
            class_weight={0: 1.0, 1: 2.0},
        )
        return history.history, model.get_weights()

    expected, weights = history_and_weights(None)
    history, same_weights = history_and_weights(
        tf.distribute.MirroredStrategy(["CPU:0"])
    )

    assert history.keys() == expected.keys()
    for name, values in expected.items():
        assert history[name] == pytest.approx(values, abs=1e-5), name
    for these, those in zip(weights, same_weights, strict=True):
        np.testing.assert_allclose(these, those, atol=1e-5)


def test_only_workers_have_processes_of_their_own():
    assert make_strategy(None) is None
    assert is_chief(None)
    assert worker_configs(None) == [None]
    assert worker_configs(Distribution(strategy="mirrored", replicas=4)) == [None]


def test_workers_on_this_machine_know_each_other(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    configs = [json.loads(text) for text in worker_configs(Distribution(**WORKERS))]

    assert [config["task"]["index"] for config in configs] == [0, 1]
    clusters = [config["cluster"]["worker"] for config in configs]
    assert clusters[0] == clusters[1]
    assert len(set(clusters[0])) == 2


def test_workers_elsewhere_are_those_of_the_environment(monkeypatch):
    monkeypatch.setenv("TF_CONFIG", "{}")

    assert worker_configs(Distribution(strategy="multi_worker")) == [None]


def test_workers_must_be_named_or_counted(monkeypatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)

    with pytest.raises(ConfigError, match="TF_CONFIG"):
        worker_configs(Distribution(strategy="multi_worker"))


def test_more_replicas_than_gpus_are_an_error(monkeypatch):
    monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: ["one"])

    with pytest.raises(ConfigError, match=r"2; .*1 GPU"):
        make_strategy(Distribution(**MIRRORED))
