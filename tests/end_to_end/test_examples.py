"""The configurations under examples/, on real data and on the demo's."""

from __future__ import annotations

import json
import subprocess
import sys

import pandas as pd
import pytest

from benchmarks.places import CHECKOUT, REAL_DATA
from ctr.simulate import simulate

MODELS = ("wide_deep", "embedding_mlp")


def run(example, data, work_dir, *overrides):
    """`ctr run` of an example; gives its summary."""
    config = CHECKOUT / "examples" / example / "pipeline.yaml"
    command = [sys.executable, "-m", "ctr.cli", "run", "-c", str(config), "--json"]
    command += ["--data", str(data), "--work-dir", str(work_dir)]
    for override in overrides:
        command += ["--set", override]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return json.loads(result.stdout)


def real_data(name):
    """The folder of a real data set."""
    folder = REAL_DATA / name
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


def overall_auc(summary):
    return summary["metrics"]["overall"]["auc"]


def test_both_models_on_a_sample_of_census(tmp_path):
    folder = real_data("census")
    for name in ("train", "test"):
        sample = pd.read_csv(folder / f"{name}.csv").sample(4_000, random_state=1)
        sample.to_csv(tmp_path / f"{name}.csv", index=False)
    few = ["training.epochs=4", "gates=[{metric: auc, min: 0.8}]"]
    for kind in MODELS:
        summary = run("census", tmp_path, tmp_path / "work", f"model.kind={kind}", *few)
        assert overall_auc(summary) > 0.85, kind


@pytest.mark.slow
@pytest.mark.parametrize("kind", MODELS)
def test_census_reaches_its_auc(kind, tmp_path):
    summary = run("census", real_data("census"), tmp_path, f"model.kind={kind}")
    assert overall_auc(summary) >= 0.91


@pytest.mark.slow
def test_chicago_taxi_reaches_its_auc_and_shows_the_slices(tmp_path):
    summary = run("chicago_taxi", real_data("chicago_taxi"), tmp_path)
    assert overall_auc(summary) >= 0.94
    assert "payment_type=Cash" in summary["metrics"]
    assert any("payment_type=Credit Card" in reason for reason in summary["reasons"])


@pytest.mark.slow
def test_the_demo_reaches_its_share_of_the_best_possible_lift(tmp_path):
    simulate(tmp_path / "data", rows=200_000, days=8, seed=1)
    for kind in MODELS:
        summary = run(
            "ad_click", tmp_path / "data", tmp_path / "work", f"model.kind={kind}"
        )
        lift = overall_auc(summary) - 0.5
        assert lift / (summary["best_possible_auc"] - 0.5) >= 0.92, kind
