"""A run, its reruns and what each leaves; in order, since each builds on the last."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import tensorflow as tf


def cached(summary):
    return {c["id"]: c["cached"] for c in summary["components"]}


def test_the_first_run_is_released(released):
    summary = released.summary()
    assert summary["verdict"] == "released"
    assert released.versions() == [str(summary["model_version"])]
    assert not any(cached(summary).values())
    overall = summary["metrics"]["overall"]
    assert overall["examples"] == 1_000
    assert 0.5 < overall["auc"] < summary["best_possible_auc"] < 1
    assert {"log_loss", "calibration"} <= set(overall)
    assert sum(summary["metrics"][f"device={d}"]["examples"] for d in DEVICES) == 1_000
    training = summary["training"]
    assert 1 <= training["best_epoch"] <= training["epochs"]
    assert training["wide_rows"] > 0
    assert 0 <= training["wide_zero_share"] < 1
    assert Path(summary["report"]).exists()
    assert summary["wall_seconds"] >= max(c["seconds"] for c in summary["components"])


DEVICES = ("desktop", "mobile", "tablet")


def test_the_report_has_the_figures_of_the_summary(released):
    summary = released.summary()
    page = released.work_dir / "latest" / "report.html"
    assert Path(summary["report"]).samefile(page)
    text = page.read_text()
    assert "Passed 1 of 2 conditions; the rest had no baseline" in text
    assert f"{summary['metrics']['overall']['auc']:.4f}" in text
    for device in DEVICES:
        auc = summary["metrics"][f"device={device}"]["auc"]
        assert f'data-name="device={device}"' in text
        assert f'data-value="{auc}"' in text
    content = json.loads((page.parent / "report.json").read_text())
    assert content["evaluation"]["candidate"] == summary["metrics"]
    assert content["run_id"] == summary["run_id"]


def test_the_released_model_serves_without_the_label(released):
    model = tf.saved_model.load(released.summary()["model_dir"])
    example = tf.train.Example()
    example.features.feature["gender"].bytes_list.value.append(b"female")
    probability = model.signatures["serving_default"](
        tf.constant([example.SerializeToString(), b""])
    )["probability"]
    assert probability.shape == (2,)
    assert all(0 < p < 1 for p in probability.numpy())


def test_an_unchanged_rerun_repeats_the_verdict_from_the_cache(released):
    first, versions = released.summary(), released.versions()
    result = released.run("--json")
    assert result.returncode == 0, result.stderr
    again = json.loads(result.stdout)
    assert again["run_id"] != first["run_id"]
    uncached = [name for name, hit in cached(again).items() if not hit]
    # These look anew, and find what they found.
    assert uncached == ["LastRelease", "StandingDecision", "ReleaseGate", "Pusher"]
    kept = ("verdict", "model_version", "metrics", "training", "reasons", "model_dir")
    for key in kept:
        assert again[key] == first[key]
    assert released.versions() == versions
    # To the byte: what was approved is known by its digest.
    pages = [Path(summary["report"]).read_bytes() for summary in (first, again)]
    assert pages[0] == pages[1]


def test_a_change_of_slices_does_not_retrain(released):
    versions = released.versions()
    result = released.run("--set", "evaluation.slices=[[category]]")
    assert result.returncode == 0, result.stderr
    hits = cached(released.summary())
    assert [name for name, hit in hits.items() if not hit] == [
        "LastRelease",
        "Evaluator",
        "EvaluationReport",
        "StandingDecision",
        "ReleaseGate",
        "Pusher",
    ]
    assert released.versions() == versions, "the same model is not released again"


def test_a_gate_that_fails_blocks_the_release_with_status_3(released):
    versions = released.versions()
    result = released.run("--set", "gates=[{metric: auc, min: 0.999}]")
    assert result.returncode == 3, result.stderr
    summary = released.summary()
    assert summary["verdict"] == "blocked"
    assert summary["model_version"] is None
    first, *_, last = summary["reasons"]
    assert first.startswith("failed: overall: auc >= 0.999 (auc is 0.")
    # It was, under other gates.
    assert last == f"this very model is released already, as version {versions[-1]}"
    assert summary["is_released_already"]
    assert "blocked" in result.stdout
    assert released.versions() == versions


def test_another_model_retrains_and_is_compared_with_the_released_one(released):
    first = released.versions()
    result = released.run("--set", "model.kind=embedding_mlp")
    assert result.returncode == 0, result.stdout + result.stderr
    summary = released.summary()
    hits = cached(summary)
    assert hits["Transform"]
    assert not hits["Trainer"]
    # 2 bounds; the one on the change was checked, since there is a baseline now.
    assert any("change of auc" in reason for reason in summary["reasons"])
    assert len(released.versions()) == 2
    assert int(released.versions()[1]) > int(first[0])

    # Going back: the first model is trained already, and is released anew.
    result = released.run()
    assert result.returncode == 0, result.stdout + result.stderr
    assert cached(released.summary())["Trainer"]
    assert len(released.versions()) == 3


def test_a_baseline_that_needs_a_feature_that_is_gone_is_not_compared(released):
    features = dict(released.settings["features"])
    del features["ad_id"]
    released.write({**released.settings, "features": features})
    blocked = released.run()
    reasons = released.summary()["reasons"]
    let_pass = released.run("--set", "evaluation.on_baseline_problem=release")
    released.write(released.settings)

    assert blocked.returncode == 3, blocked.stdout + blocked.stderr
    assert reasons[0].startswith(
        "failed: overall: change of auc >= -0.45 (the baseline"
    )
    assert "baseline not evaluated: it needs 'ad_id'" in reasons[-1]
    assert let_pass.returncode == 0, let_pass.stdout + let_pass.stderr
    reasons = released.summary()["reasons"]
    assert any(
        reason.startswith("not applied: overall: change of auc") for reason in reasons
    )
    assert "baseline not evaluated: it needs 'ad_id'" in reasons[-1]


def test_a_released_version_that_was_removed_is_released_again(released):
    released.run()
    version = released.summary()["model_version"]
    shutil.rmtree(released.work_dir / "models")
    result = released.run()
    assert result.returncode == 0, result.stdout + result.stderr
    summary = released.summary()
    assert released.versions() == [str(summary["model_version"])]
    assert summary["model_version"] > version
    assert Path(summary["model_dir"], "saved_model.pb").exists()


def test_progress_and_noise_are_apart(released):
    result = released.run()
    assert result.returncode == 0
    assert "Trainer: cached" in result.stdout
    assert "failed" not in result.stdout
    assert "WARNING" not in result.stdout
    assert result.stderr == ""
    log = released.work_dir / "latest" / "run.log"
    assert "A cached execution" in log.read_text()


@pytest.mark.parametrize("option", ["--json", "--text", ""])
def test_report_shows_the_latest_run(released, option, capfd):
    from ctr import cli

    command = ["report", "-c", str(released.config)]
    command += ["--work-dir", str(released.work_dir)] + ([option] if option else [])
    assert cli.main(command) == 0
    printed = capfd.readouterr().out
    assert released.summary()["run_id"] in printed
    assert "device=mobile" in printed
