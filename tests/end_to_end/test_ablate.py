"""`ctr ablate` after a whole run, and after one from the cache."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow


def ablate(problem, *options):
    """`ctr ablate` on the latest run of a problem."""
    same = ["-c", str(problem.config), "--work-dir", str(problem.work_dir)]
    words = [sys.executable, "-m", "ctr.cli", "ablate", *same, *options]
    result = subprocess.run(words, capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def digest(page):
    return hashlib.sha256(page.read_bytes()).hexdigest()


def test_a_run_from_the_cache_is_ablated_and_what_was_released_stays(released):
    result = released.run()
    assert result.returncode == 0, result.stderr
    reports = released.work_dir / "artifacts" / "EvaluationReport" / "report"
    (artifact,) = reports.glob("*/report.html")
    before = digest(artifact)
    latest = released.work_dir / "latest"
    assert digest(latest / "report.html") == before

    found = json.loads(ablate(released, "--features", "gender,age", "--json"))

    columns = {each["feature"]: each["columns"] for each in found["features"]}
    assert columns == {
        "gender": ["gender", "gender_x_category"],
        "age": ["age_bucket", "age", "age_missing"],
    }
    assert found["examples"] == released.summary()["metrics"]["overall"]["examples"]
    assert found["auc"] == pytest.approx(
        released.summary()["metrics"]["overall"]["auc"], abs=0.02
    )
    assert json.loads((latest / "ablation.json").read_text()) == found
    page = (latest / "report_with_ablation.html").read_text()
    assert "Trained without a feature" in page
    assert digest(artifact) == digest(latest / "report.html") == before
