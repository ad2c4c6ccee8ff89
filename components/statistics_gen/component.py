"""StatisticsGen: statistics of each column of each split."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import Examples, ExampleStatistics

from components.shared.component import Component
from components.statistics_gen.executor import LocalStatisticsGenExecutor


class LocalStatisticsGen(Component):
    """Computes in one process what TFX's StatisticsGen does on the workers of Beam."""

    INPUTS = {"examples": Examples}
    OUTPUTS = {"statistics": ExampleStatistics}
    PARAMETERS = {"code": str}
    OPTIONAL_PARAMETERS = {"cache": str}  # See `cache_beside`.
    EXECUTOR_SPEC = ExecutorClassSpec(LocalStatisticsGenExecutor)
