"""ExampleValidator: stops the run at examples that do not fit the schema."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import ExampleAnomalies, ExampleStatistics, Schema

from components.example_validator.executor import ExampleValidatorExecutor
from components.shared.component import Component


class ExampleValidator(Component):
    """Compares the examples with the schema, the previous run and serving.

    TFX's own ExampleValidator records anomalies and lets the run go on; this one
    raises where one has error severity.
    """

    INPUTS = {"statistics": ExampleStatistics, "schema": Schema}
    OPTIONAL_INPUTS = {
        "previous_statistics": ExampleStatistics,  # of the run before, for drift
        "serving_statistics": ExampleStatistics,  # of logged requests, for skew
    }
    OUTPUTS = {"anomalies": ExampleAnomalies}
    PARAMETERS = {"part": str, "code": str}  # ExampleValidatorPart
    EXECUTOR_SPEC = ExecutorClassSpec(ExampleValidatorExecutor)
