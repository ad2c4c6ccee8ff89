"""Small problems to run whole, and the command to run them with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from ctr.simulate import simulate

CONFIG: dict[str, Any] = {
    "name": "small",
    "examples": {
        "splits": {"train": "clicks/day-0[1-3].csv", "eval": "clicks/day-04.csv"},
        "extra_columns": ["device"],
    },
    "label": {"column": "click"},
    "features": {
        "age": {"kind": "numeric", "buckets": 5, "missing_indicator": True},
        "gender": {"kind": "categorical"},
        "interests": {"kind": "categorical", "delimiter": "|"},
        "ad_id": {"kind": "hashed", "buckets": 100},
        "category": {"kind": "categorical"},
    },
    "crosses": [["gender", "category"]],
    "model": {
        "kind": "wide_deep",
        "embedding_size": 4,
        "wide_deep": {"hidden_units": [16]},
        "embedding_mlp": {"hidden_units": [16]},
    },
    "training": {"epochs": 2, "batch_size": 128},
    "evaluation": {
        "slices": [["device"], ["gender"]],
        "true_probability": {"pattern": "truth/day-04.csv"},
    },
    "gates": [{"metric": "auc", "min": 0.5}, {"metric": "auc", "min_change": -0.45}],
    # It takes seconds of each run; one test has it.
    "infra_validation": None,
    "release": {"approval": "automatic"},
}


class Problem:
    """A configuration on disk and a work directory of its own."""

    def __init__(self, folder: Path, data: Path, config: dict[str, Any]):
        self.folder = folder
        self.work_dir = folder / "work"
        self.config = folder / "pipeline.yaml"
        self.settings = config
        self.data = data
        self.write(config)

    def write(self, config: dict[str, Any]) -> None:
        self.config.write_text(yaml.safe_dump(config))

    def command(self, *options: str) -> list[str]:
        """`ctr run` on this problem."""
        run = ["run", "-c", str(self.config), "--data", str(self.data)]
        run += ["--work-dir", str(self.work_dir), *options]
        return [sys.executable, "-m", "ctr.cli", *run]

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Runs it in a process of its own, as a user does."""
        return subprocess.run(
            self.command(*options), capture_output=True, text=True, env=quiet()
        )

    def summary(self) -> dict[str, Any]:
        """The summary of the latest complete run."""
        summary: dict[str, Any] = json.loads(
            (self.work_dir / "latest" / "summary.json").read_text()
        )
        return summary

    def versions(self) -> list[str]:
        """All that a server would find."""
        folder = self.work_dir / "models" / "small"
        return sorted(path.name for path in folder.glob("*") if path.name.isdigit())


def quiet() -> dict[str, str]:
    """The environment, without what a terminal would add."""
    return {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}


@pytest.fixture(scope="session")
def clicks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """4 days of 1,000 simulated clicks."""
    folder = tmp_path_factory.mktemp("clicks") / "data"
    simulate(folder, rows=4_000, days=4, seed=3)
    return folder


@pytest.fixture(scope="session")
def problem_of(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[[Path, dict[str, Any]], Problem]:
    """A function that makes a problem of data and a configuration."""
    return lambda data, config: Problem(
        tmp_path_factory.mktemp("problem"), data, config
    )


@pytest.fixture
def problem(tmp_path: Path, clicks: Path) -> Problem:
    """A problem that has not run yet."""
    return Problem(tmp_path, clicks, CONFIG)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory, clicks: Path) -> Problem:
    """A problem whose first run, of a wide_deep model, was released."""
    problem = Problem(tmp_path_factory.mktemp("released"), clicks, CONFIG)
    result = problem.run()
    assert result.returncode == 0, result.stdout + result.stderr
    return problem
