"""What either TFX stack has made is good on the other."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
# Path of the older stack's Python, beside which the newer stack's runs these tests.
OLDER = "OLDER_STACK"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        OLDER not in os.environ,
        reason=f"{OLDER} names no Python; make test-newer-stack does",
    ),
]


def run(python, *arguments):
    done = subprocess.run(
        [python, "-m", *arguments], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_models_and_work_directories(problem, tmp_path):
    pythons = {"older": os.environ[OLDER], "newer": sys.executable}
    summaries = {}
    for stack, python in pythons.items():
        run(python, "ctr.cli", *problem.command())
        summaries[stack] = problem.summary()

    # The newer stack found the older's model, and TFMA evaluated it to the same.
    assert len(problem.versions()) == 2
    page = json.loads((problem.work_dir / "latest" / "report.json").read_text())
    baseline = page["evaluation"]["baseline"]
    for name, metrics in summaries["older"]["metrics"].items():
        assert baseline[name] == pytest.approx(metrics, abs=1e-5), name

    (examples, *_) = problem.work_dir.glob(
        "artifacts/ExampleGen/examples/*/Split-eval/*"
    )
    for summary in summaries.values():
        scores = []
        for stack, python in pythons.items():
            out = tmp_path / f"{stack}.json"
            run(python, "tests.loaders", summary["model_dir"], examples, str(out))
            scores += json.loads(out.read_text()).values()
        assert len(scores) == 6
        for each in scores:
            np.testing.assert_allclose(each, scores[0], rtol=0, atol=1e-5)
