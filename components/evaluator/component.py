"""Evaluator: measures a candidate on slices, beside the baseline, and gates it."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types.standard_artifacts import (
    Examples,
    Model,
    ModelBlessing,
    ModelEvaluation,
    Schema,
)

from components.evaluator.executor import EvaluatorExecutor
from components.shared.component import Component


class Evaluator(Component):
    """Computes metrics by TFMA, and applies the gates of the configuration to them.

    TFX's own Evaluator applies TFMA's thresholds, which cannot say "not enough data"
    and bless nothing, silently, where none is configured.
    """

    INPUTS = {
        "examples": Examples,  # raw; the eval split is used
        "schema": Schema,
        "model": Model,  # the candidate
    }
    OPTIONAL_INPUTS = {"baseline_model": Model}  # the last released model
    OUTPUTS = {"evaluation": ModelEvaluation, "blessing": ModelBlessing}
    PARAMETERS = {"part": str, "code": str}  # EvaluatorPart
    EXECUTOR_SPEC = BeamExecutorSpec(EvaluatorExecutor)
