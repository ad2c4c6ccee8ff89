"""A run that waits for a person, what the person says, and what runs make of it."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys

import pytest

MANUAL = {"approval": "manual"}
WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"


@pytest.fixture
def asked(problem):
    """A problem whose releases a person approves."""
    problem.write({**problem.settings, "release": MANUAL})
    return problem


def ctr(command):
    """Runs a command line as a person would."""
    words = [sys.executable, "-m", "ctr.cli", *shlex.split(command)[1:]]
    return subprocess.run(words, capture_output=True, text=True)


def run(problem, status, *options):
    """Runs the pipeline; gives its summary."""
    result = problem.run(*options)
    assert result.returncode == status, result.stdout + result.stderr
    return problem.summary(), result.stdout


def printed(text, start):
    """The command that a run printed."""
    (line,) = [line for line in text.splitlines() if f"ctr release {start}" in line]
    command = line.removeprefix("Next:").strip()
    return command.replace("NAME", "Ann").replace("TEXT", "'looks right'")


def released(result):
    assert result.returncode == 0, result.stderr
    return result


def listed(problem):
    command = (
        f"ctr release list -c {problem.config} --work-dir {problem.work_dir} --json"
    )
    return json.loads(released(ctr(command)).stdout)


def test_a_run_waits_until_its_release_is_approved(asked):
    asked.write({**asked.settings, "release": MANUAL, "infra_validation": {"rows": 20}})
    summary, out = run(asked, 0)
    assert summary["reasons"][-1].startswith("passed: infra: ")
    assert "answers 20 rows as the model itself does" in summary["reasons"][-1]
    page = (asked.work_dir / "latest" / "report.html").read_text()
    assert "answers 20 rows as the model itself does" in page
    assert summary["verdict"] == "awaiting_approval"
    assert summary["model_version"] is summary["model_dir"] is None
    assert f"Run {summary['run_id']}: awaiting approval" in out
    assert f"Report: {summary['report']}" in out
    assert asked.versions() == []

    released(ctr(printed(out, "approve")))
    (version,) = asked.versions()
    (row,) = listed(asked)
    assert (row["run"], row["status"]) == (summary["run_id"], "released")
    assert (row["version"], row["is_newest"]) == (int(version), True)
    (written,) = asked.work_dir.glob("artifacts/InfraValidator/*/*/*warmup_requests")
    released_file = asked.work_dir / "models" / "small" / version / WARM_UP_FILE
    assert released_file.read_bytes() == written.read_bytes()
    (decision,) = row["decisions"]
    assert (decision["what"], decision["by"]) == ("approved", "Ann")
    assert decision["note"] == "looks right"
    sums = subprocess.check_output(["sha256sum", summary["report"]], text=True)
    assert row["report_digest"] == sums.split()[0]

    again, _ = run(asked, 0)
    assert (again["verdict"], again["model_version"]) == ("released", int(version))
    assert again["reasons"][0].startswith("approved by Ann on ")
    assert again["reasons"][1:] == summary["reasons"]
    assert again["metrics"] == summary["metrics"]
    assert asked.versions() == [version]
    # All else comes from the cache.
    assert [c["id"] for c in again["components"] if not c["cached"]] == [
        "LastRelease",
        "StandingDecision",
        "ReleaseGate",
        "Pusher",
    ]


@pytest.mark.slow
def test_what_a_person_refused_stays_refused(asked):
    summary, _ = run(asked, 0)
    again, out = run(asked, 0)
    for key in ("verdict", "reasons", "metrics", "model_version"):
        assert again[key] == summary[key]
    released(ctr(printed(out, "approve")))
    assert [row["status"] for row in listed(asked)] == ["released", "released"]
    other = ("--set", "training.seed=2")

    summary, out = run(asked, 0, *other)
    # Compared with what was approved.
    assert any("change of auc" in reason for reason in summary["reasons"])
    released(ctr(printed(out, "reject")))
    for approval in ("manual", "automatic"):
        again, _ = run(asked, 3, *other, "--set", f"release.approval={approval}")
        assert (again["verdict"], again["model_version"]) == ("blocked", None)
        assert again["reasons"][0].startswith("rejected by Ann on ")
    approve = printed(out, "approve")
    assert "--override" in ctr(approve).stderr
    released(ctr(f"{approve} --override"))
    first, second = asked.versions()
    again, _ = run(asked, 0, *other)
    assert (again["verdict"], again["model_version"]) == ("released", int(second))

    where = f"-c {asked.config} --work-dir {asked.work_dir}"
    released(ctr(f"ctr release rollback {where} --by Bob --note 'clicks fell'"))
    *_, third = asked.versions()
    again, _ = run(asked, 3, *other, "--set", "release.approval=automatic")
    assert again["reasons"][0].startswith("rolled back by Bob on ")
    back, _ = run(asked, 0)
    assert (back["verdict"], back["model_version"]) == ("released", int(third))
    assert back["reasons"][0].startswith("restored by Bob on ")
    # Neither the baseline nor the start of the next model is what was taken back.
    run(asked, 0, "--set", "training.seed=3", "--set", WARM)
    log = (asked.work_dir / "latest" / "run.log").read_text()
    rows = {row["version"]: row for row in listed(asked)}
    assert rows[int(third)]["is_newest"]
    assert rows[int(second)]["status"] == "rolled back"
    assert f"warm start from {model_of(asked, third)}" in log
    assert model_of(asked, third) == model_of(asked, first)
    assert asked.versions() == [first, second, third]


ROLLS_BACK = """
import sys
from ctr import cli
from pipeline.progress import Progress

start = Progress.start

def rolling_back(self, name):
    if name == "Pusher":
        words = [*sys.argv[1].split(), "--by", "Bob", "--note", "clicks fell"]
        assert cli.main(["release", "rollback", *words]) == 0
    start(self, name)

Progress.start = rolling_back
sys.exit(cli.main(sys.argv[2:]))
"""


@pytest.mark.slow
def test_a_roll_back_while_a_run_is_under_way_holds(asked):
    """The run had seen that its model is released; a blocked one that is overridden."""
    _, out = run(asked, 0)
    released(ctr(printed(out, "approve")))
    other = ("--set", "training.seed=2", "--set", 'gates=[{"metric":"auc","min":0.99}]')
    _, out = run(asked, 3, *other)
    command = printed(out, "approve")
    assert command.endswith(" --override")
    released(ctr(command))
    first, second = asked.versions()
    again, _ = run(asked, 0, *other)
    assert (again["verdict"], again["model_version"]) == ("released", int(second))

    where = f"-c {asked.config} --work-dir {asked.work_dir}"
    words = asked.command(*other)[3:]
    result = subprocess.run(
        [sys.executable, "-c", ROLLS_BACK, where, *words],
        capture_output=True,
        text=True,
    )
    assert result.returncode == 3, result.stdout + result.stderr
    _, _, third = asked.versions()
    summary = asked.summary()
    assert (summary["verdict"], summary["model_version"]) == ("blocked", None)
    assert summary["reasons"][0] == (
        f"its model was rolled back, as version {third} says"
    )
    assert model_of(asked, third) == model_of(asked, first)
    statuses = [row["status"] for row in listed(asked)]
    # As metadata has it, too.
    assert statuses == ["rolled back", "rolled back", "rolled back", "released"]


WARM = "training.warm_start.model=last_release"


def model_of(problem, version):
    """The model that a version has."""
    path = problem.work_dir / "models" / "small" / version
    record = json.loads((path / "assets.extra" / "release.json").read_text())
    return record["source"]
