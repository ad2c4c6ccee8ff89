"""Drift against the run before, and skew against what was served, stop a run."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest


@pytest.fixture(scope="module")
def one_gender(clicks, tmp_path_factory):
    """The same log, but with women only; and a day of it as it was served."""
    folder = tmp_path_factory.mktemp("one_gender") / "data"
    shutil.copytree(clicks, folder)
    for path in folder.glob("clicks/*.csv"):
        frame = pd.read_csv(path)
        frame.assign(gender="female").to_csv(path, index=False)
    served = pd.read_csv(clicks / "clicks" / "day-01.csv").drop(columns="click")
    served.to_csv(folder / "served.csv", index=False)
    return folder


def test_drift_against_the_run_before(released, one_gender):
    versions = released.versions()
    first = released.run("--set", "validation.drift={gender: 0.1}")
    assert first.returncode == 0, "nothing was there before the first examples"

    result = released.run(
        "--set", "validation.drift={gender: 0.1}", "--data", str(one_gender)
    )
    assert result.returncode == 3, result.stdout + result.stderr
    summary = released.summary()
    assert summary["verdict"] == "blocked"
    (reason,) = summary["reasons"]
    assert "train: feature 'gender'" in reason
    assert "Jensen-Shannon divergence" in reason
    assert "Transform" not in {c["id"] for c in summary["components"]}
    assert released.versions() == versions
    page = Path(summary["report"]).read_text()
    assert "Stopped before training" in page
    assert "very different, more than allowed" in page

    # What was refused does not become what the next examples are compared with.
    (one_gender / "clicks" / "day-01.csv").touch()
    again = released.run(
        "--set", "validation.drift={gender: 0.1}", "--data", str(one_gender)
    )
    assert again.returncode == 3, again.stdout + again.stderr


def test_skew_against_what_was_served(released, one_gender):
    skew = "validation.skew={pattern: served.csv, thresholds: {gender: 0.1}}"
    result = released.run("--set", skew, "--data", str(one_gender))
    assert result.returncode == 3, result.stdout + result.stderr
    (reason,) = released.summary()["reasons"]
    assert "train: feature 'gender'" in reason
    assert "serving" in reason
