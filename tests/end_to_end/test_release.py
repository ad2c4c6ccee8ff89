"""A run that waits for a person, the decision, and the runs after it."""

from __future__ import annotations

import hashlib
import json
import shlex
from pathlib import Path

import pytest

from ctr import cli
from pipeline.progress import Progress
from tests import webhooks

MANUAL = {"approval": "manual"}
WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"


@pytest.fixture
def asked(released):
    """A problem with one release, whose next releases a person approves."""
    released.write({**released.settings, "release": MANUAL})
    return released


@pytest.fixture
def run(ctr):
    """Runs the pipeline; gives its summary and what it printed."""

    def run(problem, status, *options):
        ended = ctr(*problem.command(*options), status=status)
        return problem.summary(), ended.out

    return run


def printed(text, start):
    """The words after `ctr` of the command that a run printed."""
    (line,) = [line for line in text.splitlines() if f"ctr release {start}" in line]
    said = {"NAME": "Ann", "TEXT": "looks right"}
    return [said.get(word, word) for word in shlex.split(line)[2:]]


def listed(problem, ctr):
    return json.loads(ctr("release", "list", "--json", *problem.options).out)


OTHER = ("--set", "training.seed=2")
# A gate that no candidate passes.
BLOCKS = ("--set", 'gates=[{"metric":"auc","min":0.99}]')
WARM = ("--set", "training.warm_start.model=last_release")


@pytest.fixture
def posted():
    """Notifications that were posted, and the configuration that posts them."""
    with webhooks.serve() as server:
        yield (
            lambda: [json.loads(body) for _, body in server.posted],
            {"notify": [{"webhook": server.url}]},
        )


def test_a_run_waits_until_its_release_is_approved(asked, run, ctr, posted):
    notifications, notify = posted
    changes = {"release": MANUAL, "infra_validation": {"rows": 20}, **notify}
    asked.write({**asked.settings, **changes})
    summary, out = run(asked, 0, *OTHER)
    assert summary["reasons"][-1].startswith("passed: infra: ")
    assert "20 rows" in summary["reasons"][-1]
    assert summary["verdict"] == "awaiting_approval"
    assert summary["model_version"] is summary["model_dir"] is None
    assert f"Run {summary['run_id']}: awaiting approval" in out
    (first,) = asked.versions()
    (waiting,) = notifications()
    assert waiting["event"] == waiting["verdict"] == "awaiting_approval"
    for key in ("run_id", "reasons", "report"):
        assert waiting[key] == summary[key]
    assert any("release approve" in command for command in waiting["commands"])
    assert all(f"Next:   {command}\n" in out for command in waiting["commands"])

    ctr(*printed(out, "approve"))
    _, version = asked.versions()
    row, _ = listed(asked, ctr)
    assert (row["run"], row["status"]) == (summary["run_id"], "released")
    assert (row["version"], row["is_newest"]) == (int(version), True)
    (written,) = asked.work_dir.glob("artifacts/InfraValidator/*/*/*warmup_requests")
    released_file = asked.work_dir / "models" / "small" / version / WARM_UP_FILE
    assert released_file.read_bytes() == written.read_bytes()
    (decision,) = row["decisions"]
    assert (decision["what"], decision["by"]) == ("approved", "Ann")
    assert decision["note"] == "looks right"
    report = Path(summary["report"]).read_bytes()
    assert row["report_digest"] == hashlib.sha256(report).hexdigest()

    again, _ = run(asked, 0, *OTHER)
    assert (again["verdict"], again["model_version"]) == ("released", int(version))
    assert again["reasons"][0].startswith("approved by Ann on ")
    assert again["reasons"][1:] == summary["reasons"]
    assert again["metrics"] == summary["metrics"]
    assert asked.versions() == [first, version]
    assert [c["id"] for c in again["components"] if not c["cached"]] == [
        "LastRelease",
        "StandingDecision",
        "ReleaseGate",
        "Pusher",
    ]

    ctr("release", "rollback", *asked.options, "--by", "Bob")
    _, *events = notifications()
    assert [(each["event"], each["run_id"]) for each in events] == [
        ("released", summary["run_id"]),
        ("released", again["run_id"]),
        ("rolled_back", events[-1]["run_id"]),
    ]
    assert events[0]["reasons"] == ["by Ann: looks right"]
    assert [each["model_version"] for each in events[:2]] == [int(version)] * 2
    assert str(events[-1]["model_version"]) == asked.versions()[-1]


@pytest.mark.slow
def test_a_refused_model_stays_refused(asked, run, ctr):
    summary, _ = run(asked, 0, *OTHER)
    again, out = run(asked, 0, *OTHER)
    for key in ("verdict", "reasons", "metrics", "model_version"):
        assert again[key] == summary[key]

    ctr(*printed(out, "reject"))
    for approval in ("manual", "automatic"):
        again, _ = run(asked, 3, *OTHER, "--set", f"release.approval={approval}")
        assert (again["verdict"], again["model_version"]) == ("blocked", None)
        assert again["reasons"][0].startswith("rejected by Ann on ")
    approve = printed(out, "approve")
    assert "--override" in ctr(*approve, status=2).error
    ctr(*approve, "--override")
    first, second = asked.versions()
    again, _ = run(asked, 0, *OTHER)
    assert (again["verdict"], again["model_version"]) == ("released", int(second))

    by_bob = ["--by", "Bob", "--note", "clicks fell"]
    ctr("release", "rollback", *asked.options, *by_bob)
    *_, third = asked.versions()
    again, _ = run(asked, 3, *OTHER, "--set", "release.approval=automatic")
    assert again["reasons"][0].startswith("rolled back by Bob on ")
    back, _ = run(asked, 0)
    assert (back["verdict"], back["model_version"]) == ("released", int(third))
    assert back["reasons"][0].startswith("restored by Bob on ")
    # Neither the baseline nor the start of the next model is what was taken back.
    run(asked, 0, "--set", "training.seed=3", *WARM)
    log = (asked.work_dir / "latest" / "run.log").read_text()
    rows = {row["version"]: row for row in listed(asked, ctr)}
    assert rows[int(third)]["is_newest"]
    assert rows[int(second)]["status"] == "rolled back"
    assert f"warm start from {model_of(asked, third)}" in log
    assert model_of(asked, third) == model_of(asked, first)
    assert asked.versions() == [first, second, third]


@pytest.mark.slow
def test_a_roll_back_during_a_run_holds(asked, run, ctr, monkeypatch):
    """The run had seen that its model is released, by an override."""
    _, out = run(asked, 3, *OTHER, *BLOCKS)
    command = printed(out, "approve")
    assert command[-1] == "--override"
    ctr(*command)
    first, second = asked.versions()
    again, _ = run(asked, 0, *OTHER, *BLOCKS)
    assert (again["verdict"], again["model_version"]) == ("released", int(second))

    start = Progress.start

    def rolling_back(self, name):
        if name == "Pusher":
            by_bob = ["--by", "Bob", "--note", "clicks fell"]
            assert cli.main(["release", "rollback", *asked.options, *by_bob]) == 0
        start(self, name)

    monkeypatch.setattr(Progress, "start", rolling_back)
    summary, _ = run(asked, 3, *OTHER, *BLOCKS)
    _, _, third = asked.versions()
    assert (summary["verdict"], summary["model_version"]) == ("blocked", None)
    assert third in summary["reasons"][0]
    assert model_of(asked, third) == model_of(asked, first)
    # As metadata has it, too.
    statuses = [row["status"] for row in listed(asked, ctr)]
    assert statuses == ["rolled back", "rolled back", "rolled back", "released"]


def model_of(problem, version):
    """The URI of the model of a version."""
    path = problem.work_dir / "models" / "small" / version
    record = json.loads((path / "assets.extra" / "release.json").read_text())
    return record["model_uri"]
