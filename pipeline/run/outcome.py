"""From the artifacts of a run to its summary."""

from __future__ import annotations

from pathlib import Path

from components.evaluator.record import Evaluation
from components.infra_validator.record import InfraRecord
from components.release_gate.decision import Decision
from components.shared.release_records import record_of
from config.errors import GateError
from pipeline.run.nodes import RunOutputs
from pipeline.run.summary import Summary, Verdict
from pipeline.run.trials import Trial, read_trials
from serving.releases.records import ReleaseRecord, Status
from serving.releases.versions import version_path
from trainer.export.record import RECORD_FILE, TrainingRecord

# Name of the file of TFX's Tuner.
_TRIALS_FILE = "tuner_results.json"

_VERDICTS: dict[Status, Verdict] = {
    "released": "released",
    "awaiting_approval": "awaiting_approval",
    "blocked": "blocked",
    # By a person instead of a gate.
    "rejected": "blocked",
}


def read_outcome(run_id: str, outputs: RunOutputs, model_dir: str) -> Summary:
    """Returns the summary of a run whose components all succeeded.

    Args:
      run_id: Id of the run.
      outputs: Output artifacts by component and key.
      model_dir: The directory of the servable's versions.
    """
    (evaluation_artifact,) = outputs["Evaluator"]["evaluation"]
    (decision_artifact,) = outputs["ReleaseGate"]["decision"]
    (release,) = outputs["Pusher"]["release"]
    record = record_of(release.mlmd_artifact)
    evaluation = Evaluation.read(evaluation_artifact.uri)
    decision = Decision.read(decision_artifact.uri)
    return Summary(
        run_id=run_id,
        verdict=_VERDICTS[record.status],
        reasons=[
            *_decided(decision, record),
            *_reasons(evaluation, outputs),
            *_released_already(decision),
        ],
        takes_rollback=decision.takes_rollback,
        model_version=record.version or None,
        is_released_already=decision.released_as > 0,
        metrics=evaluation.candidate,
        training=_training(outputs),
        trials=_trials(outputs),
        model_dir=version_path(model_dir, record.version) if record.version else None,
    )


def _decided(decision: Decision, record: ReleaseRecord) -> list[str]:
    """Reasons of the verdict other than gates: a person, a rollback, a failed push."""
    if record.note:
        # The Pusher could not carry out the decision.
        return [record.note]
    is_older = decision.takes_rollback and decision.status == "awaiting_approval"
    return [decision.reason] if decision.is_by_person or is_older else []


def _reasons(evaluation: Evaluation, outputs: RunOutputs) -> list[str]:
    """Why the gates let the candidate pass or not: what failed first."""
    if "InfraValidator" not in outputs:
        return evaluation.reasons()
    (blessing,) = outputs["InfraValidator"]["infra_blessing"]
    infra = InfraRecord.read(blessing.uri)
    if infra.passed:
        return evaluation.reasons() + infra.in_words()
    return infra.in_words() + evaluation.reasons()


def _released_already(decision: Decision) -> list[str]:
    """Describes a release that blocking the candidate leaves in place."""
    if not decision.released_as:
        return []
    return [f"this very model is released already, as version {decision.released_as}"]


def _training(outputs: RunOutputs) -> TrainingRecord:
    (logs,) = outputs["Trainer"]["model_run"]
    return TrainingRecord.model_validate_json(Path(logs.uri, RECORD_FILE).read_text())


def _trials(outputs: RunOutputs) -> list[Trial]:
    if "Tuner" not in outputs:
        return []
    (results,) = outputs["Tuner"]["tuner_results"]
    return read_trials(Path(results.uri, _TRIALS_FILE))


def blocked_by(error: GateError, run_id: str) -> Summary:
    """The summary of a run that a gate stopped before there was a candidate."""
    return Summary(run_id=run_id, verdict="blocked", reasons=[str(error)])
