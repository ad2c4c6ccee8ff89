"""Evaluator: measures a candidate on slices, beside the baseline, and gates it."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.evaluator.executor import EvaluatorExecutor
from config.parts import EvaluatorPart


class EvaluatorSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "baseline_model": component_spec.ChannelParameter(
            type=standard_artifacts.Model, optional=True
        ),
    }
    OUTPUTS = {
        "evaluation": component_spec.ChannelParameter(
            type=standard_artifacts.ModelEvaluation
        ),
        "blessing": component_spec.ChannelParameter(
            type=standard_artifacts.ModelBlessing
        ),
    }
    PARAMETERS = {
        "part": component_spec.ExecutionParameter(type=str),
        "code": component_spec.ExecutionParameter(type=str),
    }


class Evaluator(base_beam_component.BaseBeamComponent):
    """TFMA computes the metrics; the gates of the configuration are applied to them.

    TFX's own Evaluator applies TFMA's thresholds, which cannot say "not enough data"
    and bless nothing, silently, where none is configured.
    """

    SPEC_CLASS = EvaluatorSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(EvaluatorExecutor)

    def __init__(
        self,
        examples: types.BaseChannel[types.Artifact],
        schema: types.BaseChannel[types.Artifact],
        model: types.BaseChannel[types.Artifact],
        baseline_model: types.BaseChannel[types.Artifact],
        part: EvaluatorPart,
        code: str,
    ):
        """Builds the node.

        Args:
          examples: Raw examples; the eval split is used.
          schema: Their schema.
          model: The candidate.
          baseline_model: The last released model, if there is one.
          part: Slices, thresholds and gates.
          code: Fingerprint of the code that evaluates.
        """
        super().__init__(
            EvaluatorSpec(
                examples=examples,
                schema=schema,
                model=model,
                baseline_model=baseline_model,
                part=part.model_dump_json(),
                code=code,
                evaluation=types.Channel(type=standard_artifacts.ModelEvaluation),
                blessing=types.Channel(type=standard_artifacts.ModelBlessing),
            )
        )
