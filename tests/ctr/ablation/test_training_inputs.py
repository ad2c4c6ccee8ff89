"""The inputs of the Trainer of a run, and those without a feature."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from tfx.types import standard_artifacts

from config.calibration import Calibration
from ctr.ablation.training_inputs import find_trained


def test_the_inputs_of_the_trainer_are_found(run, trained):
    assert trained.part == run.problem.part
    assert trained.transform_graph == str(run.problem.schema.parent / "graph")
    assert trained.train_files == str(run.work_dir / "examples/Split-train/*")
    assert trained.eval_files == str(run.work_dir / "examples/Split-eval/*")


@pytest.mark.parametrize(
    ("feature", "gone"),
    [
        ("device", {"device", "device_x_age", "device_x_tags", "history"}),
        ("history", {"history"}),
        ("tags", {"tags", "device_x_tags"}),
        ("user", {"user"}),
        ("age", {"age", "age_bucket", "age_missing", "device_x_age"}),
        ("price", {"price"}),
    ],
)
def test_a_feature_goes_with_all_that_is_made_of_it(feature, gone, trained):
    rest = trained.without(feature)

    assert set(trained.columns) - set(rest.columns) == gone
    assert set(rest.columns) < set(trained.columns)
    assert rest.part.model_settings == trained.part.model_settings


def test_a_feature_is_no_longer_calibrated_by(trained):
    calibration = Calibration(method="platt", by=("device", "user"))
    part = trained.part.model_copy(update={"calibration": calibration})
    rest = replace(trained, part=part).without("device").part

    assert rest.calibration == Calibration(method="platt", by=("user",))


def test_the_best_trial_is_trained(run):
    values = {"embedding_size": 3, "hidden_units": "[5, 2]"}
    best = standard_artifacts.HyperParameters()
    best.uri = str(run.work_dir / "best")
    (run.work_dir / "best").mkdir()
    path = run.work_dir / "best" / "best_hyperparameters.txt"
    path.write_text(json.dumps({"space": [], "values": values}))
    run.add_training("tuned", hyperparameters=[best])
    trained = find_trained(run.problem.config, run.connection, "tuned")

    assert trained.part.embedding_size == 3
    assert trained.part.settings["hidden_units"] == [5, 2]
    assert trained.part.training == run.problem.part.training


def test_the_configuration_of_the_run_is_used_and_a_change_is_logged(run, caplog):
    config = run.problem.config
    now = config.model_copy(
        update={"training": config.training.model_copy(update={"epochs": 1})}
    )
    with caplog.at_level(logging.INFO, logger="ctr"):
        find_trained(config, run.connection, run.folder.name)
        assert not caplog.messages
        trained = find_trained(now, run.connection, run.folder.name)

    assert trained.part.training.epochs == 5
    assert len(caplog.messages) == 1
