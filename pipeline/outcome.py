"""From the artifacts of a run to its summary."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tfx import types

from components.evaluator.executor import EVALUATION_FILE
from pipeline.errors import GateError
from pipeline.summary import Summary
from pipeline.trials import Trial, read_trials
from trainer.record import RECORD_FILE, TrainingRecord

# What TFX's Tuner calls its file.
_TRIALS_FILE = "tuner_results.json"

Outputs = Mapping[str, Mapping[str, list[types.Artifact]]]


def read_outcome(run_id: str, outputs: Outputs) -> Summary:
    """The summary of a run whose components all ended well.

    Args:
      run_id: Names the run.
      outputs: Output artifacts by component and key.
    """
    (evaluation_artifact,) = outputs["Evaluator"]["evaluation"]
    (release,) = outputs["Pusher"]["release"]
    path = Path(evaluation_artifact.uri, EVALUATION_FILE)
    evaluation = json.loads(path.read_text())
    released = bool(release.released)
    return Summary(
        run_id=run_id,
        verdict="released" if released else "blocked",
        reasons=_reasons(evaluation),
        model_version=release.version if released else None,
        metrics=evaluation["candidate"],
        training=_training(outputs),
        trials=_trials(outputs),
        model_dir=release.path if released else None,
    )


def _training(outputs: Outputs) -> TrainingRecord:
    (logs,) = outputs["Trainer"]["model_run"]
    return TrainingRecord.model_validate_json(Path(logs.uri, RECORD_FILE).read_text())


def _trials(outputs: Outputs) -> list[Trial]:
    if "Tuner" not in outputs:
        return []
    (results,) = outputs["Tuner"]["tuner_results"]
    return read_trials(Path(results.uri, _TRIALS_FILE))


def blocked_by(error: GateError, run_id: str) -> Summary:
    """The summary of a run that a gate stopped before there was a candidate."""
    return Summary(run_id=run_id, verdict="blocked", reasons=[str(error)])


def _reasons(evaluation: Mapping[str, Any]) -> list[str]:
    """The gates in words, failed ones first."""
    order = ("failed", "not enough data", "passed")
    gates = sorted(evaluation["gates"], key=lambda gate: order.index(gate["status"]))
    reasons = [
        f"{gate['status']}: {gate['slice']}: {gate['condition']} ({gate['reason']})"
        for gate in gates
    ]
    if not gates:
        reasons.append("no gate is configured, so nothing was required of the model")
    if evaluation["baseline_problem"] is not None:
        reasons.append(f"baseline not evaluated: {evaluation['baseline_problem']}")
    elif evaluation["baseline"] is None:
        reasons.append("no baseline: nothing else was released before")
    return reasons
