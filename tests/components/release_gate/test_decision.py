"""What becomes of a candidate: gates first, then people, then the configuration."""

from __future__ import annotations

import hashlib
from datetime import datetime, timezone

import pytest
from tfx.types import standard_artifacts

from components.artifacts import HtmlReport, Release, ReleaseDecision
from components.evaluation_report.files import PAGE_FILE
from components.release_gate.decision import Decision, decide
from components.release_gate.executor import ReleaseGateExecutor
from components.release_records import ReleaseRecord

MODEL = "model/2"
FAILED = "a gate failed"


def standing(status, model_uri=MODEL, **fields):
    at = datetime(2025, 3, 1, tzinfo=timezone.utc)
    return ReleaseRecord(status=status, model_uri=model_uri, at=at, **fields)


APPROVED = standing("released", by="Ann", note="fine")
AUTOMATIC = standing("released")
RESTORED = standing("released", by="Ann", note="b is bad", withdrawn="model/3")
REJECTED = standing("rejected", by="Ann", note="mobile is worse")
WITHDRAWN = standing("released", "model/1", by="Ann", withdrawn=MODEL)


@pytest.mark.parametrize("approval", ["manual", "automatic"])
@pytest.mark.parametrize("record", [None, APPROVED, REJECTED])
def test_a_gate_blocks_whatever_else_is_said(approval, record):
    decision = decide(MODEL, FAILED, approval, record)
    assert decision == Decision(status="blocked", reason=FAILED)


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


@pytest.fixture
def gate(tmp_path):
    """Runs the gate; gives its artifact."""

    def artifact(kind, name):
        made = kind()
        made.uri = str(tmp_path / name)
        (tmp_path / name).mkdir(parents=True, exist_ok=True)
        return made

    def _gate(blessed, approval="manual", releases=(), infra=None):
        blessing = artifact(standard_artifacts.ModelBlessing, "blessing")
        blessing.set_int_custom_property("blessed", blessed)
        infra_blessings = []
        if infra is not None:
            infra_blessings = [artifact(standard_artifacts.InfraBlessing, "infra")]
            infra_blessings[0].set_int_custom_property("blessed", infra)
        report = artifact(HtmlReport, "report")
        (tmp_path / "report" / PAGE_FILE).write_text("<html>")
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
            },
            {"decision": [decision]},
            {"approval": approval, "code": ""},
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
    release = Release()
    for name, value in REJECTED.properties().items():
        setattr(release, name, value)
    decision = Decision.read(gate(1, "automatic", [release]).uri)
    assert (decision.status, decision.is_by_person) == ("rejected", True)
