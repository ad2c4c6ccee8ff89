"""Small problems to run whole, and the command to run them with."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from ctr import cli
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

    @property
    def options(self) -> list[str]:
        """The options that name it."""
        return ["-c", str(self.config), "--work-dir", str(self.work_dir)]

    def command(self, *options: str) -> list[str]:
        """`ctr run` on this problem."""
        return ["run", *self.options, "--data", str(self.data), *options]

    def run(self, *options: str) -> subprocess.CompletedProcess[str]:
        """Runs it in a process of its own, as a user does."""
        command = [sys.executable, "-m", "ctr.cli", *self.command(*options)]
        return subprocess.run(command, capture_output=True, text=True, env=quiet())

    def summary(self) -> dict[str, Any]:
        """The summary of the latest complete run."""
        path = self.work_dir / "latest" / "summary.json"
        summary: dict[str, Any] = json.loads(path.read_text())
        return summary

    def versions(self) -> list[str]:
        """The released versions."""
        folder = self.work_dir / "models" / "small"
        return sorted(path.name for path in folder.glob("*") if path.name.isdigit())


def quiet() -> dict[str, str]:
    """The environment, without what a terminal would add."""
    return {**os.environ, "COLUMNS": "120", "NO_COLOR": "1"}


@pytest.fixture(scope="session")
def clicks(shared_folder: Callable[..., Path]) -> Path:
    """4 days of 1,000 simulated clicks."""
    make = partial(simulate, rows=4_000, days=4, seed=3)
    return shared_folder("clicks", lambda folder: make(folder / "data")) / "data"


@pytest.fixture
def problem(tmp_path: Path, clicks: Path) -> Problem:
    """A problem that has not run yet."""
    return Problem(tmp_path, clicks, CONFIG)


@pytest.fixture(scope="session")
def problem_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Problem]:
    """Makes a problem of data and a configuration, in a folder of its own."""
    return lambda data, config: Problem(
        tmp_path_factory.mktemp("problem"), data, config
    )


@pytest.fixture(scope="session")
def first_run(shared_folder: Callable[..., Path], clicks: Path) -> Problem:
    """A problem whose first run, of a wide_deep model, was released; not to change."""

    def run(folder: Path) -> None:
        result = Problem(folder, clicks, CONFIG).run()
        assert result.returncode == 0, result.stdout + result.stderr

    return Problem(shared_folder("first_run", run), clicks, CONFIG)


@pytest.fixture
def released(first_run: Problem, tmp_path: Path) -> Problem:
    """A copy of the problem that was released, to go on from."""
    folder = shutil.copytree(first_run.folder, tmp_path / "released", symlinks=True)
    return Problem(folder, first_run.data, CONFIG)


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    out: str
    error: str


@pytest.fixture
def ctr(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs a command line in this process, which has imported TensorFlow already."""

    def _ctr(*words: str, status: int = 0) -> Ended:
        status_found = cli.main(words)
        out, error = capfd.readouterr()
        # gRPC logs to standard error where this process forks another.
        own = [line for line in error.splitlines(True) if "fork_posix.cc" not in line]
        ended = Ended(status_found, out, "".join(own))
        assert ended.status == status, ended
        return ended

    return _ctr
