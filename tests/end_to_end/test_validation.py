"""Drift from the run before, and skew from served examples, stop a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd

DRIFT = "validation.drift={gender: 0.1}"
SKEW = "validation.skew={pattern: served.csv, thresholds: {gender: 0.1}}"


def test_drift_and_skew_stop_a_run_before_training(released, ctr, clicks, tmp_path):
    """Of the same log, but with women only; served were all."""
    data = tmp_path / "data"
    shutil.copytree(clicks, data)
    served = pd.read_csv(clicks / "clicks" / "day-01.csv").drop(columns="click")
    served.to_csv(data / "served.csv", index=False)
    for path in data.glob("clicks/*.csv"):
        pd.read_csv(path).assign(gender="female").to_csv(path, index=False)
    versions = released.versions()
    command = released.command("--set", DRIFT, "--data", str(data))

    ctr(*command, "--set", SKEW, status=3)
    summary = released.summary()
    assert summary["verdict"] == "blocked"
    (reason,) = summary["reasons"]
    assert "train: feature 'gender'" in reason
    assert reason.count("Jensen-Shannon divergence") == 2
    assert "serving" in reason
    assert "Transform" not in {each["id"] for each in summary["components"]}
    assert released.versions() == versions
    assert "gender" in Path(summary["report"]).read_text()

    # Refused examples are not what the next are compared with.
    (data / "clicks" / "day-01.csv").touch()
    ctr(*command, status=3)
    assert "feature 'gender'" in released.summary()["reasons"][0]
