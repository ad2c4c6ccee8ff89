"""The summary of a run from its artifacts: the verdict and its reasons."""

from __future__ import annotations

import pytest
from tfx.types import standard_artifacts

from components.evaluator.record import Evaluation
from components.infra_validator.record import InfraRecord
from components.release_gate.decision import Decision
from components.shared.artifacts import Release
from pipeline.run.outcome import read_outcome
from serving.releases.records import ReleaseRecord
from trainer.export.record import RECORD_FILE, TrainingRecord

EVALUATION = Evaluation(gates=[], candidate={})


@pytest.fixture
def outcome(tmp_path):
    """The summary of a decision, a record and what a server answered, if anything."""

    def artifact(record):
        artifact = standard_artifacts.Model()
        artifact.uri = str(tmp_path / type(record).__name__)
        record.write(artifact.uri)
        return [artifact]

    def _outcome(decision, record, infra=None):
        release = Release()
        release.record = record.model_dump_json()
        training = TrainingRecord(
            epochs=1,
            best_epoch=1,
            validation_auc=None,
            validation_log_loss=0.5,
            examples_per_second=1.0,
        )
        (tmp_path / RECORD_FILE).write_text(training.model_dump_json())
        logs = standard_artifacts.ModelRun()
        logs.uri = str(tmp_path)
        outputs = {
            "Trainer": {"model_run": [logs]},
            "Evaluator": {"evaluation": artifact(EVALUATION)},
            "ReleaseGate": {"decision": artifact(decision)},
            "Pusher": {"release": [release]},
        }
        if infra is not None:
            outputs["InfraValidator"] = {"infra_blessing": artifact(infra)}
        return read_outcome("run1", outputs, "/models")

    return _outcome


@pytest.mark.parametrize(
    ("refusals", "first", "last"),
    [(("too slow", "wrong"), ["too slow", "wrong"], []), ((), [], ["3 rows"])],
)
def test_failures_of_infra_validation_come_first(outcome, refusals, first, last):
    decision = Decision(status="released", reason="so")
    record = ReleaseRecord(status="released", digest="abc", version=7)
    infra = InfraRecord(server="it", rows=3, reasons=refusals)
    reasons = outcome(decision, record, infra).reasons

    gates = EVALUATION.reasons()
    assert reasons[len(first) : len(first) + len(gates)] == gates
    for words, reason in zip(first, reasons, strict=False):
        assert reason.endswith(words)
    assert len(reasons) == len(first) + len(gates) + len(last)
    assert all(words in reasons[-1] for words in last)


@pytest.mark.parametrize(
    ("status", "fields", "note", "verdict", "added"),
    [
        ("released", {}, "", "released", []),
        ("awaiting_approval", {}, "", "awaiting_approval", []),
        (
            "awaiting_approval",
            {"takes_rollback": True},
            "",
            "awaiting_approval",
            ["so"],
        ),
        ("blocked", {"takes_rollback": True}, "", "blocked", []),
        ("rejected", {"is_by_person": True}, "", "blocked", ["so"]),
        ("released", {}, "it was rolled back", "released", ["it was rolled back"]),
    ],
)
def test_a_decision_of_a_person_or_the_pusher_comes_first(
    outcome, status, fields, note, verdict, added
):
    record = ReleaseRecord(status=status, digest="abc", note=note)
    summary = outcome(Decision(status=status, reason="so", **fields), record)

    assert summary.verdict == verdict
    assert summary.reasons == [*added, *EVALUATION.reasons()]
