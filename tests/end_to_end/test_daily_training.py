"""Two days with a rolling window, a repetition, and a day that comes late."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = {
    "spans": {"pattern": "clicks/day-{SPAN:2}.csv", "train": 2},
    "extra_columns": ["device"],
}
# What is never served from the cache.
LOOKED_UP = ["LastRelease", "StandingDecision", "ReleaseGate", "Pusher"]
TRUTH = {"true_probability": {"pattern": "truth/day-{SPAN:2}.csv"}}


@pytest.fixture
def data(tmp_path: Path, clicks: Path) -> Path:
    """Four days, of which the second is not there yet."""
    folder = tmp_path / "data"
    shutil.copytree(clicks, folder)
    (folder / "clicks" / "day-02.csv").unlink()
    return folder


@pytest.fixture
def daily(problem: Any) -> Any:
    """A problem that trains on two days and evaluates on the day after them."""
    settings = problem.settings
    changes = {
        "examples": EXAMPLES,
        "evaluation": {**settings["evaluation"], **TRUTH},
        "training": {**settings["training"], "warm_start": {"model": "last_release"}},
    }
    problem.write({**settings, **changes})
    return problem


def trainer_lines(problem):
    log = (problem.work_dir / "latest" / "run.log").read_text()
    return re.findall(r"(?:no )?warm start.*", log)


def executed(summary):
    return [each["id"] for each in summary["components"] if not each["cached"]]


def test_a_day_starts_from_the_release_of_the_day_before(daily, data, ctr):
    command = daily.command("--data", str(data))
    first = ctr(*command, "--span", "3")
    day_3 = daily.summary()
    assert day_3["spans"] == {"train": ["1"], "eval": ["3"], "missing": ["2"]}
    assert "train on 1, evaluate on 3" in first.out
    assert [line.split(":")[0] for line in trainer_lines(daily)] == ["no warm start"]

    second = ctr(*command, "--span", "4")
    assert "ExampleGen: 1 of 2 files read in an earlier run" in second.out
    (line,) = trainer_lines(daily)
    taken = re.search(r"Trainer/model/\S+: (\d+) of (\d+) weights", line)
    assert taken is not None, line
    assert taken[1] == taken[2]
    day_4 = daily.summary()
    assert day_4["spans"] == {"train": ["3"], "eval": ["4"], "missing": ["2"]}
    assert day_4["best_possible_auc"] != day_3["best_possible_auc"]
    assert any("change of auc >= -0.45 (auc is" in each for each in day_4["reasons"])
    versions = daily.versions()
    assert versions == [str(day_3["model_version"]), str(day_4["model_version"])]

    # The day before is as it was, and neither starts from nor replaces what is newer.
    again = ctr(*command, "--span", "3")
    summary = daily.summary()
    assert executed(summary) == LOOKED_UP
    assert summary["metrics"] == day_3["metrics"]
    assert summary["verdict"] == "awaiting_approval"
    assert summary["takes_rollback"]
    approve = rf"ctr release approve {summary['run_id']} .*--rollback\n"
    assert re.search(approve, again.out)
    assert daily.versions() == versions

    # The newest is the same, named or found; it does not start from its own release.
    ctr(*command)
    assert executed(daily.summary()) == LOOKED_UP
    assert daily.summary()["model_version"] == day_4["model_version"]
    assert daily.summary()["spans"] == day_4["spans"]
    assert daily.versions() == versions

    late = data / "clicks" / "day-02.csv"
    late.write_text("click\nmany\n")
    fourth = ctr(*command, status=2)
    assert "train on 2 to 3, evaluate on 4" in fourth.out
    assert fourth.error.startswith(f"error: {late}: ")
