"""ExampleValidator: stops the run at examples that do not fit the schema."""

from __future__ import annotations

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.example_validator.executor import ExampleValidatorExecutor
from config.parts import ExampleValidatorPart


class ExampleValidatorSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    INPUTS = {
        "statistics": component_spec.ChannelParameter(
            type=standard_artifacts.ExampleStatistics
        ),
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
        "previous_statistics": component_spec.ChannelParameter(
            type=standard_artifacts.ExampleStatistics, optional=True
        ),
        "serving_statistics": component_spec.ChannelParameter(
            type=standard_artifacts.ExampleStatistics, optional=True
        ),
    }
    OUTPUTS = {
        "anomalies": component_spec.ChannelParameter(
            type=standard_artifacts.ExampleAnomalies
        )
    }
    PARAMETERS = {
        "part": component_spec.ExecutionParameter(type=str),
        "code": component_spec.ExecutionParameter(type=str),
    }


class ExampleValidator(base_component.BaseComponent):
    """Holds the examples against the schema, the previous run and serving.

    TFX's own ExampleValidator records anomalies and lets the run go on; this one
    raises where one has error severity.
    """

    SPEC_CLASS = ExampleValidatorSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(ExampleValidatorExecutor)

    def __init__(
        self,
        statistics: types.BaseChannel[types.Artifact],
        schema: types.BaseChannel[types.Artifact],
        part: ExampleValidatorPart,
        code: str,
        previous_statistics: types.BaseChannel[types.Artifact] | None = None,
        serving_statistics: types.BaseChannel[types.Artifact] | None = None,
    ):
        """Builds the node.

        Args:
          statistics: Statistics of the examples.
          schema: What is expected of them.
          part: Thresholds of drift and skew.
          code: Fingerprint of the code that validates.
          previous_statistics: Statistics of the run, or the span, before, for drift.
          serving_statistics: Statistics of examples logged while serving, for skew.
        """
        super().__init__(
            ExampleValidatorSpec(
                statistics=statistics,
                schema=schema,
                previous_statistics=previous_statistics,
                serving_statistics=serving_statistics,
                part=part.model_dump_json(),
                code=code,
                anomalies=types.Channel(type=standard_artifacts.ExampleAnomalies),
            )
        )
