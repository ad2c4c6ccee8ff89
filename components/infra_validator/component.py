"""InfraValidator: tries a candidate on the server that will serve."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.infra_validator.executor import InfraValidatorExecutor
from config.parts import InfraValidatorPart


class InfraValidatorSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    INPUTS = {
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
    }
    OUTPUTS = {
        "infra_blessing": component_spec.ChannelParameter(
            type=standard_artifacts.InfraBlessing
        )
    }
    PARAMETERS = {
        "part": component_spec.ExecutionParameter(type=str),
        "code": component_spec.ExecutionParameter(type=str),
    }


class InfraValidator(base_component.BaseComponent):
    """A candidate has to be served as it predicts by itself, and fast enough.

    TFX's own InfraValidator needs Docker or Kubernetes, and looks at no answer.
    """

    SPEC_CLASS = InfraValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(InfraValidatorExecutor)

    def __init__(
        self,
        model: types.BaseChannel[types.Artifact],
        examples: types.BaseChannel[types.Artifact],
        part: InfraValidatorPart,
        code: str,
    ):
        """Builds the node.

        Args:
          model: The candidate.
          examples: Raw examples; rows of the eval split are sent.
          part: How many, and what is asked of the answers.
          code: Fingerprint of the code that validates, and of the embedded server.
        """
        super().__init__(
            InfraValidatorSpec(
                model=model,
                examples=examples,
                part=part.model_dump_json(),
                code=code,
                infra_blessing=types.Channel(type=standard_artifacts.InfraBlessing),
            )
        )
