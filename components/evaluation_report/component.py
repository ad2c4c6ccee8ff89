"""EvaluationReport: one page that a person decides on a release from."""

from __future__ import annotations

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.standard_artifacts import (
    Examples,
    ExampleStatistics,
    InfraBlessing,
    Model,
    ModelEvaluation,
    ModelRun,
    Schema,
)

from components.evaluation_report.executor import EvaluationReportExecutor
from components.shared.artifacts import HtmlReport, Release
from components.shared.component import Component


class EvaluationReport(Component):
    """Writes a page that needs no network.

    It precedes the release, so it states the verdict of the gates and not the decision
    on the candidate.
    """

    INPUTS = {
        "examples": Examples,  # raw; a sample of the eval split is scored
        "statistics": ExampleStatistics,
        "schema": Schema,
        "model": Model,  # the candidate
        "model_run": ModelRun,
        "evaluation": ModelEvaluation,
    }
    OPTIONAL_INPUTS = {
        "infra_blessing": InfraBlessing,
        "baseline_release": Release,  # the last release
        "previous_statistics": ExampleStatistics,  # of the run before, for drift
        "serving_statistics": ExampleStatistics,  # of logged requests, for skew
    }
    OUTPUTS = {"report": HtmlReport}
    PARAMETERS = {
        "part": str,  # EvaluationReportPart
        "codes": str,  # fingerprint of the code of each component, to be shown
        "code": str,
        "templates": str,  # digest of the page's templates
    }
    EXECUTOR_SPEC = ExecutorClassSpec(EvaluationReportExecutor)
