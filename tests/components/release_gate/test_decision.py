"""The decision on a candidate: gates, then people, then the configuration."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest
from tfx.types import standard_artifacts

from components.release_gate.decision import Decision, decide, why_older
from components.release_gate.executor import ReleaseGateExecutor
from components.shared.artifacts import ReleaseDecision
from config.spans import RunSpans
from serving.releases.records import ReleaseRecord

from ..artifacts import artifact, release

FAILED = "a gate failed"


def record(status, **fields):
    at = datetime(2025, 3, 1, tzinfo=timezone.utc)
    return ReleaseRecord(status=status, digest="abc", version=7, at=at, **fields)


APPROVED = record("released", by="Ann", note="fine")
AUTOMATIC = record("released")
RESTORED = record("released", by="Ann", note="b is bad", withdraws="other")
REJECTED = record("rejected", by="Ann", note="mobile is worse")
WITHDRAWN = record("released", by="Ann", withdraws="abc")


@pytest.mark.parametrize(
    ("refusal", "release", "released_as"),
    [(None, None, 0), (None, APPROVED, 7), (None, AUTOMATIC, 7), (REJECTED, None, 0)],
)
def test_a_gate_blocks_whatever_else_was_decided(refusal, release, released_as):
    decision = decide(FAILED, "automatic", refusal, release)
    blocked = Decision(status="blocked", reason=FAILED, released_as=released_as)
    assert decision == blocked


def test_a_person_who_overrode_the_gates_is_repeated():
    overruled = record("released", by="Ann", note="urgent", override=True)
    decision = decide(FAILED, "automatic", release=overruled)
    assert (decision.status, decision.is_by_person) == ("released", True)
    assert decision.override
    assert "Ann on 2025-03-01: urgent" in decision.reason


def test_without_a_decision_on_the_model_the_configuration_decides():
    assert decide(None, "automatic").status == "released"
    decision = decide(None, "manual")
    assert decision.status == "awaiting_approval"
    assert not decision.is_by_person


@pytest.mark.parametrize("approval", ["manual", "automatic"])
@pytest.mark.parametrize(
    ("refusal", "release", "status", "reason"),
    [
        (None, APPROVED, "released", "approved by Ann on 2025-03-01: fine"),
        (None, RESTORED, "released", "restored by Ann on 2025-03-01: b is bad"),
        (REJECTED, None, "rejected", "rejected by Ann on 2025-03-01: mobile is worse"),
        (WITHDRAWN, None, "rejected", "rolled back by Ann on 2025-03-01"),
    ],
)
def test_a_person_s_decision_holds(approval, refusal, release, status, reason):
    decision = decide(None, approval, refusal, release)
    assert (decision.status, decision.reason) == (status, reason)
    assert decision.is_by_person


def test_a_release_without_a_person_is_repeated_though_one_is_asked_now():
    decision = decide(None, "manual", release=AUTOMATIC)
    assert (decision.status, decision.is_by_person) == ("released", False)


OLDER = "it is of an earlier day"


@pytest.mark.parametrize("approval", ["manual", "automatic"])
def test_a_model_of_an_earlier_span_than_the_released_one_waits(approval):
    decision = decide(None, approval, older=OLDER)
    assert decision == Decision(status="awaiting_approval", reason=OLDER)


def test_gates_and_people_come_before_days():
    assert decide(FAILED, "automatic", older=OLDER).reason == FAILED
    assert decide(None, "automatic", REJECTED, older=OLDER).status == "rejected"


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
def test_the_same_or_a_later_span_is_not_older(span, released):
    assert why_older(span, record("released", span=released)) is None
    assert why_older(span, None) is None


@pytest.fixture
def gate(tmp_path):
    """Runs the gate; gives its artifact."""

    def _gate(
        blessed,
        approval="manual",
        refusals=(),
        infra=None,
        spans=None,
        last=(),
        is_last=False,
    ):
        blessing = artifact(standard_artifacts.ModelBlessing, tmp_path / "blessing")
        blessing.set_int_custom_property("blessed", blessed)
        infra_blessings = []
        if infra is not None:
            infra_blessings = [
                artifact(standard_artifacts.InfraBlessing, tmp_path / "infra")
            ]
            infra_blessings[0].set_int_custom_property("blessed", infra)
        examples = standard_artifacts.Examples()
        if spans is not None:
            examples.set_string_custom_property("spans", spans.model_dump_json())
        decision = artifact(ReleaseDecision, tmp_path / "decision")
        ReleaseGateExecutor().Do(
            {
                "examples": [examples],
                "blessing": [blessing],
                "infra_blessing": infra_blessings,
                "refusal": list(refusals),
                "release": list(last) if is_last else [],
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
def test_the_gates_and_the_configuration_decide(gate, blessed, approval, status):
    artifact = gate(blessed, approval)
    decision = Decision.read(artifact.uri)

    assert artifact.status == decision.status == status


@pytest.mark.parametrize(
    ("blessed", "infra", "status", "reason"),
    [
        (1, 1, "released", "automatic"),
        (1, 0, "blocked", "infra"),
        (0, 1, "blocked", "Evaluator"),
        (0, 0, "blocked", "Evaluator"),
    ],
)
def test_infra_validation_is_a_gate(gate, blessed, infra, status, reason):
    decision = Decision.read(gate(blessed, "automatic", infra=infra).uri)
    assert decision.status == status
    assert reason in decision.reason


def test_the_gate_reads_the_resolved_records(gate):
    decision = Decision.read(gate(1, "automatic", refusals=[release(REJECTED)]).uri)
    assert (decision.status, decision.is_by_person) == ("rejected", True)


def test_an_unchanged_rerun_repeats_the_release(gate):
    last = [release(record("released", by="Ann", override=True))]
    decision = Decision.read(gate(0, last=last, is_last=True).uri)
    assert (decision.status, decision.override) == ("released", True)
    assert Decision.read(gate(0, last=last).uri).status == "blocked"


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
    last = release(record("released", span=released))
    artifact = gate(blessed, "automatic", spans=JANUARY_5, last=[last])
    decision = Decision.read(artifact.uri)

    assert artifact.status == decision.status == status
    assert decision.takes_rollback == takes_rollback
    assert decision.span == "2026-01-05"
    if status == "awaiting_approval":
        for word in ("2026-01-05", "2026-01-07", "--rollback"):
            assert word in decision.reason
