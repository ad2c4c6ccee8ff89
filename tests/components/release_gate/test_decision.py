"""What becomes of a candidate: gates first, then people, then the configuration."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone

import pytest
from tfx.types import standard_artifacts

from components.artifacts import HtmlReport, Release, ReleaseDecision
from components.evaluation_report.content import Data, Lineage, Report, write_content
from components.evaluation_report.files import PAGE_FILE
from components.release_gate.decision import Decision, decide, why_older
from components.release_gate.executor import ReleaseGateExecutor
from components.release_records import ReleaseRecord
from pipeline.config.spans import RunSpans

MODEL = "model/2"
FAILED = "a gate failed"


def standing(status, model_uri=MODEL, **fields):
    at = datetime(2025, 3, 1, tzinfo=timezone.utc)
    return ReleaseRecord(status=status, model_uri=model_uri, version=7, at=at, **fields)


APPROVED = standing("released", by="Ann", note="fine")
AUTOMATIC = standing("released")
RESTORED = standing("released", by="Ann", note="b is bad", withdrawn="model/3")
REJECTED = standing("rejected", by="Ann", note="mobile is worse")
WITHDRAWN = standing("released", "model/1", by="Ann", withdrawn=MODEL)


@pytest.mark.parametrize("approval", ["manual", "automatic"])
@pytest.mark.parametrize(
    ("record", "released_as"),
    [(None, 0), (APPROVED, 7), (AUTOMATIC, 7), (REJECTED, 0), (WITHDRAWN, 0)],
)
def test_a_gate_blocks_whatever_else_is_said(approval, record, released_as):
    decision = decide(MODEL, FAILED, approval, record)
    blocked = Decision(status="blocked", reason=FAILED, released_as=released_as)
    assert decision == blocked


def test_a_person_who_overrode_the_gates_is_repeated():
    overruled = standing("released", by="Ann", note="urgent", override=1)
    decision = decide(MODEL, FAILED, "automatic", overruled)
    assert (decision.status, decision.is_by_person) == ("released", True)
    assert decision.reason == "approved by Ann on 2025-03-01: urgent"
    # Of that very model only, and while it holds.
    withdrawn = standing("released", "model/1", by="Ann", override=1, withdrawn=MODEL)
    assert decide(MODEL, FAILED, "automatic", withdrawn).status == "blocked"


def test_without_a_word_on_the_model_the_configuration_decides():
    assert decide(MODEL, None, "automatic", None).status == "released"
    decision = decide(MODEL, None, "manual", None)
    assert decision.status == "awaiting_approval"
    assert decision.reason == "release.approval is manual"
    assert not decision.is_by_person


@pytest.mark.parametrize("approval", ["manual", "automatic"])
@pytest.mark.parametrize(
    ("record", "status", "reason"),
    [
        (APPROVED, "released", "approved by Ann on 2025-03-01: fine"),
        (RESTORED, "released", "restored by Ann on 2025-03-01: b is bad"),
        (REJECTED, "rejected", "rejected by Ann on 2025-03-01: mobile is worse"),
        (WITHDRAWN, "rejected", "rolled back by Ann on 2025-03-01"),
    ],
)
def test_what_a_person_said_holds(approval, record, status, reason):
    decision = decide(MODEL, None, approval, record)
    assert (decision.status, decision.reason) == (status, reason)
    assert decision.is_by_person


def test_a_release_without_a_person_is_repeated_though_one_is_asked_now():
    decision = decide(MODEL, None, "manual", AUTOMATIC)
    assert (decision.status, decision.is_by_person) == ("released", False)


OLDER = "it is of an earlier day"


@pytest.mark.parametrize("approval", ["manual", "automatic"])
def test_of_an_earlier_day_than_the_released_model_it_waits(approval):
    decision = decide(MODEL, None, approval, None, OLDER)
    assert decision == Decision(status="awaiting_approval", reason=OLDER)


def test_gates_and_people_come_before_days():
    assert decide(MODEL, FAILED, "automatic", None, OLDER).reason == FAILED
    assert decide(MODEL, None, "automatic", REJECTED, OLDER).status == "rejected"


@pytest.mark.parametrize(
    ("span", "released"),
    [
        ("2026-01-05", "2026-01-05"),
        ("2026-01-08", "2026-01-05"),
        ("8", "7"),
        # Examples were not in spans before, or are not any more.
        ("8", ""),
        ("", "8"),
        ("", ""),
    ],
)
def test_of_the_same_day_or_a_later_one_nothing_is_said(span, released):
    assert why_older(span, standing("released", span=released)) is None


def test_before_anything_is_released_no_day_is_early():
    assert why_older("2026-01-05", None) is None


def report_of(spans):
    lineage = Lineage(
        sources=(),
        spans=spans,
        schema_text="",
        schema_origin="inferred",
        config={},
        baseline=None,
        code={},
        packages={},
        seeds={},
    )
    data = Data(examples={}, features=(), anomalies=(), distances=())
    return Report(
        name="ads", run_id="r1", made="now", model="dcn", data=data, lineage=lineage
    )


def resolved(record):
    """The artifact that a resolver finds."""
    release = Release()
    for name, value in record.properties().items():
        setattr(release, name, value)
    return release


@pytest.fixture
def gate(tmp_path):
    """Runs the gate; gives its artifact."""

    def artifact(kind, name):
        made = kind()
        made.uri = str(tmp_path / name)
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        return made

    def _gate(blessed, approval="manual", releases=(), infra=None, spans=None, last=()):
        blessing = artifact(standard_artifacts.ModelBlessing, "blessing")
        blessing.set_int_custom_property("blessed", blessed)
        infra_blessings = []
        if infra is not None:
            infra_blessings = [artifact(standard_artifacts.InfraBlessing, "infra")]
            infra_blessings[0].set_int_custom_property("blessed", infra)
        report = artifact(HtmlReport, "report")
        (tmp_path / "report" / PAGE_FILE).write_text("<html>")
        write_content(report_of(spans), report.uri)
        model = standard_artifacts.Model()
        model.uri = MODEL
        decision = artifact(ReleaseDecision, "decision")
        ReleaseGateExecutor().Do(
            {
                "model": [model],
                "blessing": [blessing],
                "report": [report],
                "infra_blessing": infra_blessings,
                "standing": list(releases),
                "last": list(last),
            },
            {"decision": [decision]},
            {"approval": approval},
        )
        return decision

    return _gate


@pytest.mark.parametrize(
    ("blessed", "approval", "status"),
    [
        (1, "manual", "awaiting_approval"),
        (1, "automatic", "released"),
        (0, "automatic", "blocked"),
    ],
)
def test_the_decision_names_the_report_that_it_is_on(gate, blessed, approval, status):
    artifact = gate(blessed, approval)
    decision = Decision.read(artifact.uri)

    assert artifact.status == decision.status == status
    assert decision.report.endswith("/report")
    # As `sha256sum report.html` prints it.
    assert decision.report_digest == hashlib.sha256(b"<html>").hexdigest()


@pytest.mark.parametrize(
    ("blessed", "infra", "status", "reason"),
    [
        (1, 1, "released", "release.approval is automatic"),
        (1, 0, "blocked", "infra validation failed"),
        (0, 1, "blocked", "a gate of the Evaluator failed"),
        (0, 0, "blocked", "a gate of the Evaluator failed"),
    ],
)
def test_infra_validation_is_a_gate(gate, blessed, infra, status, reason):
    decision = Decision.read(gate(blessed, "automatic", infra=infra).uri)
    assert (decision.status, decision.reason) == (status, reason)


def test_the_gate_reads_what_was_resolved(gate):
    decision = Decision.read(gate(1, "automatic", [resolved(REJECTED)]).uri)
    assert (decision.status, decision.is_by_person) == ("rejected", True)


JANUARY_5 = RunSpans(train=("2026-01-03", "2026-01-04"), eval=("2026-01-05",))


@pytest.mark.parametrize(
    ("blessed", "released", "status", "takes_rollback"),
    [
        (1, "2026-01-07", "awaiting_approval", True),
        (0, "2026-01-07", "blocked", True),
        (1, "2026-01-05", "released", False),
        (1, "2026-01-04", "released", False),
    ],
)
def test_a_late_day_replaces_no_newer_one_by_itself(
    gate, blessed, released, status, takes_rollback
):
    last = resolved(standing("released", "model/1", span=released))
    artifact = gate(blessed, "automatic", spans=JANUARY_5, last=[last])
    decision = Decision.read(artifact.uri)

    assert artifact.status == decision.status == status
    assert decision.takes_rollback == takes_rollback
    assert decision.span == "2026-01-05"
    if status == "awaiting_approval":
        assert decision.reason == (
            "this run is of 2026-01-05, the released model is of 2026-01-07; it is "
            "released only by approving it with --rollback"
        )
