"""What `ctr release list` says of each run."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from pipeline.release.listing import as_text, rows


def listed(pipeline):
    """Status, version, who and whether it is the newest, by run, the latest first."""
    served = {}
    versions = [p.name for p in pipeline.model_dir.glob("*") if p.name.isdigit()]
    for number, version in enumerate(sorted(versions, key=int), 1):
        served[int(version)] = f"v{number}"
    return {
        row.run: (row.status, served.get(row.version), said(row), row.is_newest)
        for row in rows(pipeline.desk().history())
    }


def said(row):
    return " ".join(f"{each.by}: {each.what}" for each in row.decisions)


@pytest.fixture
def desk(pipeline):
    return pipeline.desk()


def test_no_run_had_a_candidate(pipeline):
    pipeline.start("r1")
    assert rows(pipeline.desk().history()) == []


def test_each_decision_is_shown(pipeline, desk):
    for run in ("r1", "r2", "r3"):
        pipeline.run(run)
    pipeline.run("r4", status="blocked")
    desk.approve("r1", by="Ann", note="first")
    desk.reject("r2", by="Bob", note="no")

    assert listed(pipeline) == {
        "r4": ("blocked", None, "", False),
        "r3": ("awaiting approval", None, "", False),
        "r2": ("rejected", None, "Bob: rejected", False),
        "r1": ("released", "v1", "Ann: approved", True),
    }
    assert list(listed(pipeline)) == ["r4", "r3", "r2", "r1"]


def test_only_one_is_the_newest(pipeline, desk):
    for run in ("r1", "r2"):
        pipeline.run(run)
        desk.approve(run, by="Ann", note="")

    assert listed(pipeline) == {
        "r2": ("released", "v2", "Ann: approved", True),
        "r1": ("released", "v1", "Ann: approved", False),
    }


def test_a_roll_back_is_shown_in_both_runs(pipeline, desk):
    for run in ("r1", "r2"):
        pipeline.run(run)
        desk.approve(run, by="Ann", note="")
    desk.roll_back(by="Bob", note="clicks fell")

    assert listed(pipeline) == {
        "r2": ("rolled back", "v2", "Ann: approved Bob: rolled back", False),
        "r1": ("released", "v3", "Ann: approved Bob: restored", True),
    }


def test_runs_that_repeat_a_run_share_what_was_said(pipeline, desk):
    pipeline.run("r1")
    pipeline.run("r2", model="r1")
    desk.approve("r2", by="Ann", note="fine")
    assert listed(pipeline)["r1"] == ("released", "v1", "Ann: approved", True)

    pipeline.run("r3")
    desk.reject("r3", by="Bob", note="no")
    pipeline.run("r4", status="rejected", model="r3")
    assert listed(pipeline)["r4"] == ("rejected", None, "Bob: rejected", False)

    # The gates were raised since.
    pipeline.run("r5", status="blocked", model="r1")
    assert listed(pipeline)["r5"] == ("blocked", None, "Ann: approved", False)


def test_all_of_a_decision_is_kept(pipeline, desk):
    pipeline.run("r1", status="blocked")
    version = desk.approve("r1", by="Ann", note="urgent", override=True).version
    (row,) = rows(desk.history())
    (decision,) = row.decisions
    assert (row.status, row.version) == ("released", version)
    assert decision.model_dump(exclude={"at"}) == {
        "what": "approved",
        "by": "Ann",
        "note": "urgent",
        "override": True,
        "version": version,
        "report_digest": "digest of r1",
    }
    assert abs(datetime.now(timezone.utc) - decision.at) < timedelta(minutes=5)


def test_a_table_to_read(pipeline, desk):
    assert as_text([]) == "run  status  version  report\n* the newest version"
    pipeline.run("r1", status="blocked")
    pipeline.run("r2")
    made = desk.approve("r1", by="Ann", note="[bold]", override=True)
    recorded = desk.history().records[-1]

    day = f"{recorded.at.astimezone():%Y-%m-%d %H:%M}"
    assert as_text(rows(desk.history())).splitlines() == [
        "run  status             version       report",
        "r2   awaiting approval                digest o",
        f"r1   released           {made.version} *  digest o",
        f"    {day} approved (override) by Ann: [bold]",
        "* the newest version",
    ]
