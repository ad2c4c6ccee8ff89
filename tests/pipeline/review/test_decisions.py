"""What a person may decide, what is recorded, and the line that refuses the rest."""

from __future__ import annotations

import json
import shutil

import filelock
import pytest

from config.errors import ReleaseError
from pipeline.review.decisions import Review
from pipeline.review.records import RecordStore


def refused(action, *args, **options):
    """The line that a person is shown."""
    with pytest.raises(ReleaseError) as caught:
        action(*args, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def last(pipeline):
    """The newest record."""
    return pipeline.review().history().records[-1]


def test_approving_releases_and_records(pipeline):
    pipeline.run("r1")
    released = pipeline.approve("r1", note="looks right")

    assert pipeline.served() == ["r1"]
    record = last(pipeline)
    assert record == released.model_copy(update={"id": record.id})
    assert (record.status, record.by, record.note) == ("released", "Ann", "looks right")
    assert (record.run, record.override) == ("r1", 0)
    assert record.training == "training of r1"
    assert record.report_digest == "digest of r1"
    version = json.loads(
        (
            pipeline.model_dir / str(record.version) / "assets.extra" / "release.json"
        ).read_text()
    )
    assert (version["run"], version["report_digest"]) == ("r1", "digest of r1")
    assert version["model_uri"] == pipeline.model("r1")


def test_the_resolvers_of_tfx_would_find_it(pipeline):
    """As an output of an execution of the pipeline; and of the run, for lineage."""
    from ml_metadata.metadata_store import metadata_store

    pipeline.released("r1")
    store = metadata_store.MetadataStore(pipeline.connection)
    kinds = {"pipeline": "ads", "pipeline_run": "r1"}
    for kind, name in kinds.items():
        context = store.get_context_by_type_and_name(kind, name)
        executions = store.get_executions_by_context(context.id)
        events = store.get_events_by_execution_ids([each.id for each in executions])
        outputs = {event.artifact_id for event in events if event.type == event.OUTPUT}
        assert last(pipeline).id in outputs
    (artifact,) = store.get_artifacts_by_id([last(pipeline).id])
    assert artifact.state == artifact.LIVE
    (basis,) = [event for event in events if event.type == event.INPUT]
    assert basis.artifact_id == pipeline.review().history().records[0].id


def test_approving_twice_is_refused(pipeline):
    pipeline.run("r1")
    version = pipeline.approve("r1").version
    assert refused(pipeline.approve, "r1", by="Bob") == (
        f"r1 is released already, as version {version}"
    )
    assert pipeline.served() == ["r1"]


def test_a_run_that_released_the_same_model_is_released_already(pipeline):
    pipeline.run("r1")
    pipeline.run("r2", model="r1")
    pipeline.approve("r1")
    line = refused(pipeline.approve, "r2", by="Bob")
    assert line.startswith("r2 is released already")


def test_a_run_that_is_unknown(pipeline):
    pipeline.run("r1")
    for action in (pipeline.approve, pipeline.review().reject):
        assert refused(action, "r9", by="Ann", note="") == (
            "there is no run 'r9'; the latest are: r1"
        )


@pytest.mark.parametrize("by", ["", " \t\n"])
def test_a_decision_is_by_someone(pipeline, by):
    pipeline.run("r1")
    review = pipeline.review()
    line = "--by is empty; say who decides"
    assert refused(review.approve, "r1", by=by, note="") == line
    assert refused(review.reject, "r1", by=by, note="no") == line
    assert refused(review.roll_back, by=by, note="") == line
    assert pipeline.served() == []


def test_a_run_without_a_candidate(pipeline):
    pipeline.start("r1")
    assert refused(pipeline.approve, "r1") == (
        "r1 has no candidate to decide on: it has not come so far, or ended early"
    )


def test_a_pipeline_that_has_never_run(pipeline, tmp_path):
    line = refused(Review, pipeline.connection, "others", str(tmp_path), 1)
    assert line == "others has never run; run `ctr run` first"


def test_a_model_that_is_gone(pipeline):
    pipeline.run("r1")
    shutil.rmtree(pipeline.model("r1"))
    line = refused(pipeline.approve, "r1")
    assert "/model/r1/Format-Serving: " in line
    assert last(pipeline).status == "awaiting_approval"


def test_a_blocked_run_takes_an_override_which_is_recorded(pipeline):
    pipeline.run("r1", status="blocked")
    line = refused(pipeline.approve, "r1")
    assert line == (
        "r1: a gate blocked it; --override releases it all the same, and is recorded"
    )
    assert pipeline.served() == []

    pipeline.approve("r1", note="urgent", override=True)
    assert pipeline.served() == ["r1"]
    assert last(pipeline).override == 1


def test_an_override_that_was_not_needed_is_not_recorded(pipeline):
    pipeline.run("r1")
    pipeline.approve("r1", override=True)
    assert last(pipeline).override == 0


def test_rejecting_records_why(pipeline):
    pipeline.run("r1")
    pipeline.review().reject("r1", by="Ann", note="mobile is worse")

    record = last(pipeline)
    assert (record.status, record.by, record.note) == (
        "rejected",
        "Ann",
        "mobile is worse",
    )
    assert record.report_digest == "digest of r1"
    assert pipeline.served() == []


def test_a_rejected_run_takes_an_override(pipeline):
    pipeline.run("r1")
    pipeline.review().reject("r1", by="Ann", note="mobile is worse")
    line = refused(pipeline.approve, "r1", by="Bob")
    assert line.startswith("r1: its model was rejected by Ann on ")
    assert ": mobile is worse; --override releases it all the same" in line
    assert line == refused(pipeline.approve, "r1", by="Bob")

    pipeline.approve("r1", by="Bob", note="it is not", override=True)
    assert pipeline.served() == ["r1"]
    assert last(pipeline).override == 1


def test_a_rejection_holds_for_each_run_with_the_same_model(pipeline):
    pipeline.run("r1")
    pipeline.review().reject("r1", by="Ann", note="no")
    pipeline.run("r2", status="rejected", model="r1")
    line = refused(pipeline.approve, "r2", by="Bob")
    assert line.startswith("r2: its model was rejected by Ann on ")


@pytest.mark.parametrize("status", ["blocked", "rejected"])
def test_there_is_nothing_to_reject(pipeline, status):
    pipeline.run("r1", status="blocked" if status == "blocked" else "awaiting_approval")
    if status == "rejected":
        pipeline.review().reject("r1", by="Ann", note="no")
    line = refused(pipeline.review().reject, "r1", by="Bob", note="no")
    assert line.endswith("; there is nothing to reject")


def test_a_released_run_is_taken_back_instead_of_rejected(pipeline):
    pipeline.released("r1")
    line = refused(pipeline.review().reject, "r1", by="Bob", note="no")
    assert "r1 is released already, as version " in line
    assert line.endswith("withdraw it with `ctr release rollback`")


def test_an_older_run_takes_a_rollback(pipeline):
    for run in ("r1", "r2"):
        pipeline.run(run)
    pipeline.approve("r2")
    line = refused(pipeline.approve, "r1")
    assert line.startswith("r1 is older than r2, which is released as version ")
    assert line.endswith("; --rollback releases it all the same")
    assert pipeline.served() == ["r2"]

    pipeline.approve("r1", rollback=True)
    assert pipeline.served() == ["r2", "r1"]
    # A later run than that of the release, though it was released before.
    pipeline.approve("r2")
    assert pipeline.served() == ["r2", "r1", "r2"]


def test_a_run_of_an_earlier_day_takes_a_rollback(pipeline):
    """Whichever ran first."""
    pipeline.run("r1", span="2026-01-06")
    pipeline.run("r2", span="2026-01-07")
    pipeline.run("r3", span="2026-01-05")
    version = pipeline.approve("r2").version
    for run, day in (("r1", "06"), ("r3", "05")):
        assert refused(pipeline.approve, run) == (
            f"{run} of 2026-01-{day} is older than r2 of 2026-01-07, which is released "
            f"as version {version}; --rollback releases it all the same"
        )
    pipeline.approve("r3", rollback=True)
    # It ran before that, and is of a later day.
    pipeline.approve("r1")
    assert pipeline.served() == ["r2", "r3", "r1"]


def test_of_one_day_the_later_run_is_newer(pipeline):
    for run in ("r1", "r2"):
        pipeline.run(run, span="8")
    pipeline.approve("r2")
    line = refused(pipeline.approve, "r1")
    assert line.startswith("r1 of 8 is older than r2 of 8, ")


def test_a_roll_back_is_of_the_day_that_it_restores(pipeline):
    for run, day in (("r1", "5"), ("r2", "7")):
        pipeline.run(run, span=day)
        pipeline.approve(run)
    pipeline.review().roll_back(by="Bob", note="")
    assert last(pipeline).span == "5"
    pipeline.run("r3", span="6")
    pipeline.approve("r3")
    assert pipeline.served()[-1] == "r3"


def test_a_roll_back_is_recorded(pipeline):
    pipeline.released("r1", "r2")
    released, _ = pipeline.review().roll_back(by="Bob", note="clicks fell")

    assert pipeline.served() == ["r1", "r2", "r1"]
    record = last(pipeline)
    assert record == released.model_copy(update={"id": record.id})
    assert (record.status, record.run) == ("released", "r1")
    assert (record.by, record.note) == ("Bob", "clicks fell")
    assert record.withdraws == pipeline.digest("r2")
    assert record.training == "training of r1"
    assert record.report_digest == "digest of r1"


def test_what_was_rolled_back_takes_an_override(pipeline):
    pipeline.released("r1", "r2")
    pipeline.review().roll_back(by="Bob", note="clicks fell")
    review = pipeline.review()
    line = refused(review.approve, "r2", by="Ann", note="")
    assert line.startswith("r2: its model was rolled back by Bob on ")
    assert line == refused(pipeline.approve, "r2", rollback=1)

    pipeline.approve("r2", override=True)
    assert pipeline.served()[-1] == "r2"
    record = last(pipeline)
    assert (record.override, record.withdraws) == (1, "")
    assert pipeline.review().history().refusal(pipeline.digest("r2")) is None


def test_a_roll_back_passes_over_what_a_person_rejected(pipeline):
    pipeline.released("r1", "r2")
    pipeline.released("r3")
    pipeline.review().reject("r2", by="Ann", note="clicks fell")
    pipeline.review().roll_back(by="Bob", note="")
    assert pipeline.served() == ["r1", "r2", "r3", "r1"]


def test_the_model_that_is_rejected_is_not_rolled_back_to(pipeline):
    pipeline.released("r1", "r2")
    pipeline.review().reject("r1", by="Ann", note="clicks fell")
    line = refused(pipeline.review().roll_back, by="Bob", note="")
    assert "no version to roll back to" in line
    assert pipeline.served() == ["r1", "r2"]


def test_a_roll_back_to_what_took_an_override_is_one(pipeline):
    """So that an unchanged rerun of the model repeats that it is released."""
    pipeline.run("r1", status="blocked")
    pipeline.run("r2")
    pipeline.approve("r1", override=True)
    pipeline.approve("r2")
    pipeline.review().roll_back(by="Bob", note="")
    assert last(pipeline).override == 1


def test_a_record_that_comes_late_changes_nothing(pipeline):
    """A run records after it released; a person may have rolled back in between."""
    pipeline.released("r1", "r2")
    (late,) = [r for r in pipeline.review().history().releases if r.run == "r2"]
    restored = pipeline.review().roll_back(by="Bob", note="")[0]
    pipeline.store().add(late)

    history = pipeline.review().history()
    assert history.last.version == restored.version
    assert history.refusal(pipeline.digest("r2")).by == "Bob"
    assert history.release(pipeline.digest("r1")).version == restored.version


@pytest.mark.parametrize("action", ["approve", "reject", "roll_back"])
def test_no_one_comes_between_a_copy_and_its_record(pipeline, action, monkeypatch):
    pipeline.released("r1", "r2")
    pipeline.run("r3")
    busy = []

    def add(self, record, basis=0):
        other = filelock.FileLock(pipeline.model_dir / ".lock", timeout=0)
        with pytest.raises(filelock.Timeout):
            other.acquire()
        busy.append(record.run)

    monkeypatch.setattr(RecordStore, "add", add)
    run = [] if action == "roll_back" else ["r3"]
    getattr(pipeline.review(), action)(*run, by="Ann", note="no")
    assert len(busy) == 1


def test_a_roll_back_that_was_cut_short_is_only_recorded(pipeline):
    pipeline.released("r1", "r2")
    assert pipeline.review().roll_back(by="Ann", note="")[1]
    pipeline.forget()
    record, is_new = pipeline.review().roll_back(by="Ann", note="")
    assert not is_new
    assert pipeline.served() == ["r1", "r2", "r1"]
    assert record.run == "r1"


def test_there_is_nothing_to_roll_back_to(pipeline):
    pipeline.run("r1")
    assert "no version to roll back to" in refused(
        pipeline.review().roll_back, "Ann", ""
    )
    pipeline.approve("r1")
    assert "no version to roll back to" in refused(
        pipeline.review().roll_back, "Ann", ""
    )


def test_a_roll_back_to_what_metadata_does_not_know(pipeline):
    """As where the work directory was deleted, but not the released models."""
    pipeline.released("r1", "r2")
    pipeline.forget()
    pipeline.review().roll_back(by="Ann", note="")

    assert pipeline.served() == ["r1", "r2", "r1"]
    record = last(pipeline)
    assert (record.run, record.model_uri) == ("r1", pipeline.model("r1"))
    assert record.report_digest == "digest of r1"
    # Runs go on from there.
    pipeline.released("r3")
    assert pipeline.served()[-1] == "r3"


def test_a_roll_back_to_what_someone_else_copied(pipeline):
    by_hand = pipeline.model_dir / "5"
    by_hand.mkdir(parents=True)
    (by_hand / "saved_model.pb").write_text("by hand")
    pipeline.released("r1")
    pipeline.review().roll_back(by="Ann", note="")

    assert pipeline.served() == ["by hand", "r1", "by hand"]
    pipeline.released("r2")
    assert pipeline.served()[-1] == "r2"


def test_keep_holds_for_each_way_to_release(pipeline):
    for run in ("r1", "r2", "r3"):
        pipeline.run(run)
        pipeline.review(keep=1).approve(run, by="Ann", note="")
        assert pipeline.served() in ([run], [f"r{int(run[1]) - 1}", run])
    pipeline.review(keep=1).roll_back(by="Ann", note="")
    assert pipeline.served() == ["r3", "r2"]


def test_a_deleted_model_directory_is_filled_by_approving_again(pipeline):
    """ML Metadata keeps what people decided; the candidates are to be had as before."""
    pipeline.released("r1", "r2")
    pipeline.run("r3")
    pipeline.review().reject("r3", by="Bob", note="no")
    shutil.rmtree(pipeline.model_dir)
    review = pipeline.review()

    assert review.newest() is None
    assert review.history().last.run == "r2"
    refused(review.roll_back, by="Ann", note="")
    refused(review.approve, "r3", by="Ann", note="")
    review.approve("r2", by="Ann", note="")
    assert pipeline.served() == ["r2"]


def test_deleted_metadata_leaves_what_version_directories_hold(pipeline):
    pipeline.released("r1", "r2")
    taken_back = pipeline.digest("r2")
    before, _ = pipeline.review().roll_back(by="Bob", note="clicks fell")
    pipeline.forget()
    history = pipeline.review().history()

    assert pipeline.store().history().records == []
    assert history.last == before
    assert history.refusal(taken_back).note == "clicks fell"
    assert [record.by for record in history.decisions("r2")] == ["Ann", "Bob"]
    # A run of the new database that trains the same model asks in vain.
    pipeline.run("r9", model="r2")
    assert "rolled back by Bob" in refused(pipeline.approve, "r9")
    # The next decision records them.
    pipeline.released("r3")
    recorded = pipeline.store().history()
    assert [release.run for release in recorded.releases] == ["r1", "r2", "r1", "r3"]
    assert recorded.refusal(taken_back).by == "Bob"
