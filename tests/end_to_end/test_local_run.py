"""A first run, and runs that go on from it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import tensorflow as tf

DEVICES = ("desktop", "mobile", "tablet")
# They look anew in each run.
NEVER_CACHED = ["LastRelease", "StandingDecision", "ReleaseGate", "Pusher"]


def executed(summary):
    return [each["id"] for each in summary["components"] if not each["cached"]]


def test_the_first_run_is_released(first_run):
    summary = first_run.summary()
    assert summary["verdict"] == "released"
    assert first_run.versions() == [str(summary["model_version"])]
    assert not any(each["cached"] for each in summary["components"])
    overall = summary["metrics"]["overall"]
    assert overall["examples"] == 1_000
    assert 0.5 < overall["auc"] < summary["best_possible_auc"] < 1
    assert {"log_loss", "calibration"} <= set(overall)
    assert sum(summary["metrics"][f"device={d}"]["examples"] for d in DEVICES) == 1_000
    training = summary["training"]
    assert 1 <= training["best_epoch"] <= training["epochs"]
    assert training["wide_rows"] > 0
    assert 0 <= training["wide_zero_share"] < 1
    assert summary["wall_seconds"] >= max(c["seconds"] for c in summary["components"])


def test_the_report_has_the_figures_of_the_summary(first_run):
    summary = first_run.summary()
    page = first_run.work_dir / "latest" / "report.html"
    assert Path(summary["report"]).samefile(page)
    text = page.read_text()
    assert f"{summary['metrics']['overall']['auc']:.4f}" in text
    for device in DEVICES:
        auc = summary["metrics"][f"device={device}"]["auc"]
        assert f'data-name="device={device}"' in text
        assert f'data-value="{auc}"' in text
    content = json.loads((page.parent / "report.json").read_text())
    assert content["evaluation"]["candidate"] == summary["metrics"]
    assert content["run_id"] == summary["run_id"]


def test_the_released_model_serves_without_the_label(first_run):
    model = tf.saved_model.load(first_run.summary()["model_dir"])
    example = tf.train.Example()
    example.features.feature["gender"].bytes_list.value.append(b"female")
    probability = model.signatures["serving_default"](
        tf.constant([example.SerializeToString(), b""])
    )["probability"]
    assert probability.shape == (2,)
    assert all(0 < p < 1 for p in probability.numpy())


def test_report_shows_the_latest_run(first_run, ctr):
    for option in (["--json"], ["--text"], []):
        shown = ctr("report", *first_run.options, *option).out
        assert first_run.summary()["run_id"] in shown
        assert "device=mobile" in shown


def test_an_unchanged_rerun_repeats_the_verdict_from_the_cache(released):
    first, versions = released.summary(), released.versions()
    result = released.run()
    assert result.returncode == 0
    assert "Trainer: cached" in result.stdout
    # The noise of others is in the log alone.
    assert "WARNING" not in result.stdout
    assert result.stderr == ""
    log = released.work_dir / "latest" / "run.log"
    assert "A cached execution" in log.read_text()
    again = released.summary()
    assert again["run_id"] != first["run_id"]
    assert executed(again) == NEVER_CACHED
    for key in ("verdict", "model_version", "metrics", "training", "reasons"):
        assert again[key] == first[key]
    assert released.versions() == versions
    # To the byte: the digest of the report names what is approved.
    pages = [Path(summary["report"]).read_bytes() for summary in (first, again)]
    assert pages[0] == pages[1]


def test_other_slices_do_not_retrain(released, ctr):
    versions = released.versions()
    slices = ["--set", "evaluation.slices=[[category]]"]
    summary = json.loads(ctr(*released.command(*slices, "--json")).out)
    expected = {*NEVER_CACHED, "ExampleValidator", "Evaluator", "EvaluationReport"}
    assert set(executed(summary)) == expected
    assert released.versions() == versions, "the same model is not released again"


def test_a_failed_gate_blocks_the_release_with_status_3(released, ctr):
    versions = released.versions()
    gates = ["--set", "gates=[{metric: auc, min: 0.999}]"]
    ended = ctr(*released.command(*gates), status=3)
    summary = released.summary()
    assert (summary["verdict"], summary["model_version"]) == ("blocked", None)
    assert summary["reasons"][0].startswith("failed: overall: auc >= 0.999 (auc is 0.")
    # Other gates had released it.
    assert summary["reasons"][-1].endswith(versions[-1])
    assert summary["is_released_already"]
    assert "ctr release list" in ended.out
    assert released.versions() == versions


def test_another_model_is_compared_with_the_released_one(released, ctr):
    first = released.versions()
    ctr(*released.command("--set", "model.kind=embedding_mlp"))
    summary = released.summary()
    assert "Trainer" in executed(summary)
    assert "Transform" not in executed(summary)
    # The bound on the change is checked, since there is a baseline now.
    assert any("change of auc" in reason for reason in summary["reasons"])
    assert len(released.versions()) == 2
    assert int(released.versions()[1]) > int(first[0])

    # Going back: the first model is trained already, and is released anew.
    ctr(*released.command())
    assert "Trainer" not in executed(released.summary())
    assert len(released.versions()) == 3


def test_a_baseline_that_needs_a_removed_feature_is_not_compared(released, ctr):
    features = dict(released.settings["features"])
    del features["ad_id"]
    released.write({**released.settings, "features": features})
    for problem, status, start in (("block", 3, "failed"), ("release", 0, "not")):
        option = ["--set", f"evaluation.on_baseline_problem={problem}"]
        ctr(*released.command(*option), status=status)
        reasons = released.summary()["reasons"]
        (change,) = (each for each in reasons if "change of auc >= -0.45" in each)
        assert change.startswith(start)
        assert "'ad_id'" in reasons[-1]


def test_a_released_version_that_was_removed_is_released_again(released, ctr):
    version = released.summary()["model_version"]
    shutil.rmtree(released.work_dir / "models")
    ctr(*released.command())
    summary = released.summary()
    assert released.versions() == [str(summary["model_version"])]
    assert summary["model_version"] > version
    assert Path(summary["model_dir"], "saved_model.pb").exists()
