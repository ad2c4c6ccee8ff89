"""EvaluationReport: one page that a person decides on a release from."""

from __future__ import annotations

import json
from collections.abc import Mapping

from tfx import types
from tfx.dsl.components.base import base_component, executor_spec
from tfx.types import component_spec, standard_artifacts

from components.evaluation_report.executor import EvaluationReportExecutor
from components.evaluation_report.part import EvaluationReportPart
from components.evaluation_report.render import templates_digest
from components.shared.artifacts import HtmlReport, Release


class EvaluationReportSpec(types.ComponentSpec):
    """Inputs, outputs and parameters."""

    INPUTS = {
        "examples": component_spec.ChannelParameter(type=standard_artifacts.Examples),
        "statistics": component_spec.ChannelParameter(
            type=standard_artifacts.ExampleStatistics
        ),
        "schema": component_spec.ChannelParameter(type=standard_artifacts.Schema),
        "model": component_spec.ChannelParameter(type=standard_artifacts.Model),
        "model_run": component_spec.ChannelParameter(type=standard_artifacts.ModelRun),
        "evaluation": component_spec.ChannelParameter(
            type=standard_artifacts.ModelEvaluation
        ),
        "infra_blessing": component_spec.ChannelParameter(
            type=standard_artifacts.InfraBlessing, optional=True
        ),
        "baseline_release": component_spec.ChannelParameter(
            type=Release, optional=True
        ),
        "previous_statistics": component_spec.ChannelParameter(
            type=standard_artifacts.ExampleStatistics, optional=True
        ),
        "serving_statistics": component_spec.ChannelParameter(
            type=standard_artifacts.ExampleStatistics, optional=True
        ),
    }
    OUTPUTS = {"report": component_spec.ChannelParameter(type=HtmlReport)}
    PARAMETERS = {
        "part": component_spec.ExecutionParameter(type=str),
        "codes": component_spec.ExecutionParameter(type=str),
        "code": component_spec.ExecutionParameter(type=str),
        "templates": component_spec.ExecutionParameter(type=str),
    }


class EvaluationReport(base_component.BaseComponent):
    """Writes a page that needs no network: what was measured, and what of.

    It comes before the release, so it tells what the gates found, and not what became
    of the candidate.
    """

    SPEC_CLASS = EvaluationReportSpec
    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(EvaluationReportExecutor)

    def __init__(
        self,
        examples: types.BaseChannel[types.Artifact],
        statistics: types.BaseChannel[types.Artifact],
        schema: types.BaseChannel[types.Artifact],
        model: types.BaseChannel[types.Artifact],
        model_run: types.BaseChannel[types.Artifact],
        evaluation: types.BaseChannel[types.Artifact],
        baseline_release: types.BaseChannel[types.Artifact],
        part: EvaluationReportPart,
        codes: Mapping[str, str],
        code: str,
        infra_blessing: types.BaseChannel[types.Artifact] | None = None,
        previous_statistics: types.BaseChannel[types.Artifact] | None = None,
        serving_statistics: types.BaseChannel[types.Artifact] | None = None,
    ):
        """Builds the node.

        Args:
          examples: Raw examples; a sample of the eval split is scored.
          statistics: Statistics of the examples.
          schema: What is expected of them.
          model: The candidate.
          model_run: How it was trained.
          evaluation: What the Evaluator measured.
          baseline_release: The last release, if there is one.
          part: The configuration.
          codes: Fingerprint of the code of each component, to be shown.
          code: Fingerprint of the code that makes the report.
          infra_blessing: What the InfraValidator measured, where there is one.
          previous_statistics: Statistics of the run before, for drift.
          serving_statistics: Statistics of examples logged while serving, for skew.
        """
        super().__init__(
            EvaluationReportSpec(
                examples=examples,
                statistics=statistics,
                schema=schema,
                model=model,
                model_run=model_run,
                evaluation=evaluation,
                infra_blessing=infra_blessing,
                baseline_release=baseline_release,
                previous_statistics=previous_statistics,
                serving_statistics=serving_statistics,
                part=part.model_dump_json(),
                codes=json.dumps(codes, sort_keys=True),
                code=code,
                templates=templates_digest(),
                report=types.Channel(type=HtmlReport),
            )
        )
