"""`ctr ablate` after a whole run, and after one from the cache."""

from __future__ import annotations

import hashlib
import json

import pytest

pytestmark = pytest.mark.slow


def digest(page):
    return hashlib.sha256(page.read_bytes()).hexdigest()


def test_a_run_from_the_cache_is_ablated_and_its_report_stays(released, ctr):
    ctr(*released.command())
    latest = released.work_dir / "latest"
    before = digest(latest / "report.html")

    asked = ["--features", "gender,age", "--json"]
    found = json.loads(ctr("ablate", *released.options, *asked).out)

    columns = {each["feature"]: each["columns"] for each in found["features"]}
    assert columns == {
        "gender": ["gender", "gender_x_category"],
        "age": ["age_bucket", "age", "age_missing"],
    }
    overall = released.summary()["metrics"]["overall"]
    assert found["examples"] == overall["examples"]
    assert found["auc"] == pytest.approx(overall["auc"], abs=0.02)
    assert json.loads((latest / "ablation.json").read_text()) == found
    assert (latest / "report_with_ablation.html").exists()
    assert digest(latest / "report.html") == before
