"""`ctr release list`: the status and the decisions of each run."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta, timezone

import pytest

from config.errors import ReleaseError
from pipeline.review.listing import as_text, rows


def listed(pipeline):
    """Status, version, who and whether it is the newest, by run, the latest first."""
    served = {}
    versions = [p.name for p in pipeline.model_dir.glob("*") if p.name.isdigit()]
    for number, version in enumerate(sorted(versions, key=int), 1):
        served[int(version)] = f"v{number}"
    return {
        row.run: (row.status, served.get(row.version), said(row), row.is_newest)
        for row in rows_of(pipeline)
    }


def rows_of(pipeline):
    review = pipeline.review()
    return rows(review.history(), review.newest(), review.labels())


def said(row):
    return " ".join(f"{each.by}: {each.what}" for each in row.decisions)


@pytest.fixture
def review(pipeline):
    return pipeline.review()


def test_a_run_without_a_candidate_is_not_listed(pipeline):
    pipeline.start("r1")
    assert rows_of(pipeline) == []


def test_each_decision_is_shown(pipeline, review):
    for run in ("r1", "r2", "r3"):
        pipeline.run(run)
    pipeline.run("r4", status="blocked")
    review.approve("r1", by="Ann", note="first")
    review.reject("r2", by="Bob", note="no")

    assert listed(pipeline) == {
        "r4": ("blocked", None, "", False),
        "r3": ("awaiting approval", None, "", False),
        "r2": ("rejected", None, "Bob: rejected", False),
        "r1": ("released", "v1", "Ann: approved", True),
    }
    assert list(listed(pipeline)) == ["r4", "r3", "r2", "r1"]


def test_the_newest_version_is_that_of_the_folder(pipeline, review):
    pipeline.released("r1", "r2")
    by_hand = pipeline.model_dir / "9999999999"
    by_hand.mkdir()
    (by_hand / "saved_model.pb").write_text("by hand")
    assert not any(row.is_newest for row in rows_of(pipeline))
    last = as_text(rows_of(pipeline), review.newest(), {}).splitlines()[-1]
    assert "9999999999" in last
    shutil.rmtree(pipeline.model_dir)
    last = as_text(rows_of(pipeline), review.newest(), {}).splitlines()[-1]
    assert "no version" in last


def test_no_release_is_in_force_that_a_later_one_replaced(pipeline, review):
    """Also where the rerun of a run has a version of the same model."""
    pipeline.run("r1")
    pipeline.run("r2", model="r1")
    review.approve("r2", by="Ann", note="")
    pipeline.run("r3")
    taken_back = review.approve("r3", by="Ann", note="").version
    pipeline.run("r4", status="released", model="r1")
    restored, _ = review.roll_back(by="Bob", note="")
    found = {row.run: (row.status, row.version) for row in rows_of(pipeline)}
    assert found == {
        "r4": ("released", restored.version),
        "r3": ("rolled back", taken_back),
        "r2": ("released", restored.version),
        "r1": ("released", restored.version),
    }


@pytest.mark.parametrize("between", ["\n", "\r\n", "\x1b", "\u2028"])
def test_a_note_is_one_line(pipeline, review, between):
    pipeline.run("r1")
    review.reject("r1", by=f"Ann{between}Bob", note=f"no{between}r9  released")
    lines = as_text(rows_of(pipeline), None, {}).splitlines()
    assert len(lines) == 4
    assert lines[2].endswith(" rejected by Ann Bob: no r9 released")
    pipeline.run("r2", model="r1")
    with pytest.raises(ReleaseError) as caught:
        review.approve("r2", by="Ann", note="")
    assert ": no r9 released; --override" in str(caught.value)


def test_a_roll_back_is_shown_in_both_runs(pipeline, review):
    pipeline.released("r1", "r2")
    review.roll_back(by="Bob", note="clicks fell")

    assert listed(pipeline) == {
        "r2": ("rolled back", "v2", "Ann: approved Bob: rolled back", False),
        "r1": ("released", "v3", "Ann: approved Bob: restored", True),
    }


def test_a_decision_holds_for_runs_with_the_same_model(pipeline, review):
    pipeline.run("r1")
    pipeline.run("r2", model="r1")
    review.approve("r2", by="Ann", note="fine")
    assert listed(pipeline)["r1"] == ("released", "v1", "", True)
    assert listed(pipeline)["r2"] == ("released", "v1", "Ann: approved", True)

    pipeline.run("r3")
    review.reject("r3", by="Bob", note="no")
    pipeline.run("r4", status="rejected", model="r3")
    assert listed(pipeline)["r4"] == ("rejected", None, "", False)

    # The gates were raised since.
    pipeline.run("r5", status="blocked", model="r1")
    assert listed(pipeline)["r5"] == ("blocked", None, "", False)


def test_all_of_a_decision_is_kept(pipeline, review):
    pipeline.run("r1", status="blocked")
    version = review.approve("r1", by="Ann", note="urgent", override=True).version
    (row,) = rows_of(pipeline)
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


def test_the_text_has_a_line_for_each_run_and_each_decision(pipeline, review):
    pipeline.run("r1", status="blocked")
    pipeline.run("r2")
    made = review.approve("r1", by="Ann", note="[bold]", override=True)
    recorded = review.history().records[-1]

    day = f"{recorded.at.astimezone():%Y-%m-%d %H:%M}"
    header, *lines, _ = as_text(rows_of(pipeline), made.version, {}).splitlines()
    assert header.split() == ["run", "status", "version", "report"]
    assert [line.split() for line in lines] == [
        ["r2", "awaiting", "approval", "digest", "o"],
        ["r1", "released", str(made.version), "*", "digest", "o"],
        [*day.split(), "approved", "(override)", "by", "Ann:", "[bold]"],
    ]
