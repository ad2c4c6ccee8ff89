"""Puts a report together from the artifacts of a run."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from tfx import types
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import path_utils

from components.evaluation_report.changes import changes
from components.evaluation_report.collect import lineage
from components.evaluation_report.collect.attention import attended_examples
from components.evaluation_report.collect.data import collect_data
from components.evaluation_report.collect.importance import (
    ImportanceError,
    measure_importances,
)
from components.evaluation_report.collect.sample import read_sample
from components.evaluation_report.collect.wide import heaviest_weights
from components.evaluation_report.content import Baseline, Lineage, Report
from components.evaluation_report.files import CONTENT_FILE
from components.evaluation_report.part import EvaluationReportPart
from components.evaluator.curves import Curves
from components.evaluator.record import Evaluation
from components.example_gen.spans import spans_of
from components.example_validator.anomalies import Examined
from components.infra_validator.record import InfraRecord
from components.shared.artifacts import Artifacts
from components.shared.release_records import record_of
from config.examples import EVAL
from config.parts import ExampleValidatorPart
from config.root import Config
from serving.scorer import Scorer
from trainer.export.record import RECORD_FILE, TrainingRecord
from trainer.warm_start.exported_model import ExportedModel

# Of the eval split; with it, an AUC is known to about a hundredth.
_SAMPLE = 10_000


def report_of_a_run(
    artifacts: Artifacts,
    part: EvaluationReportPart,
    code: Mapping[str, str],
    run_id: str,
) -> Report:
    """The report of a run that measured a candidate.

    Args:
      artifacts: Artifacts by the names that `EvaluationReport` has for its inputs.
      part: The configuration.
      code: Fingerprint of the code of each component.
      run_id: Names the run.
    """
    report = report_on_data(artifacts, part, code, run_id)
    evaluation = artifact_utils.get_single_uri(artifacts["evaluation"])
    logs = artifact_utils.get_single_uri(artifacts["model_run"])
    with fileio.open(os.path.join(logs, RECORD_FILE)) as file:
        training = TrainingRecord.model_validate_json(file.read())
    found = {
        "evaluation": Evaluation.read(evaluation),
        "infra": _infra(artifacts.get("infra_blessing")),
        "curves": Curves.read(evaluation),
        "training": training,
        **_from_predictions(artifacts, part.config, report.data.examples[EVAL]),
    }
    return report.model_copy(update=found)


def report_on_data(
    artifacts: Artifacts,
    part: EvaluationReportPart,
    code: Mapping[str, str],
    run_id: str,
    stopped_by: str | None = None,
) -> Report:
    """The report of a run that ended before there was a candidate.

    Args:
      artifacts: Input artifacts, by the names of `EvaluationReport`.
      part: The configuration.
      code: Fingerprint of the code of each component.
      run_id: Names the run.
      stopped_by: Why it ended.
    """
    config, settings = part.config, part.shown()
    examined = Examined(artifacts)
    examples = artifact_utils.get_single_instance(artifacts["examples"])
    return Report(
        name=config.name,
        run_id=run_id,
        made=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        model=config.model.kind,
        stopped_by=stopped_by,
        data=collect_data(examined, ExampleValidatorPart.of(config)),
        lineage=Lineage(
            sources=lineage.sources(config, examples),
            spans=spans_of(examples),
            schema_text=lineage.schema_text(examined.schema),
            schema_origin=lineage.schema_origin(config),
            config=settings,
            baseline=_baseline(artifacts.get("baseline_release"), settings),
            code=dict(code),
            packages=lineage.packages(),
            seeds=lineage.seeds(config),
        ),
    )


def _baseline(
    releases: list[types.Artifact] | None, settings: Mapping[str, Any]
) -> Baseline | None:
    if not releases:
        return None
    release = record_of(releases[0].mlmd_artifact)
    path = os.path.join(release.report, CONTENT_FILE)
    # Removed to save space, or of a release from before there were reports.
    if not release.report or not fileio.exists(path):
        return Baseline(version=release.version, changes=None)
    with fileio.open(path) as file:
        # Not as a Report: an older one may have had other fields.
        before = json.loads(file.read())["lineage"]["config"]
    return Baseline(version=release.version, changes=changes(before, settings))


def _infra(blessings: list[types.Artifact] | None) -> InfraRecord | None:
    if not blessings:
        return None
    return InfraRecord.read(artifact_utils.get_single_uri(blessings))


def _from_predictions(
    artifacts: Artifacts, config: Config, examples: int
) -> dict[str, Any]:
    """The sections that need predictions for a sample of examples."""
    sample = read_sample(
        artifact_utils.get_split_uri(artifacts["examples"], EVAL),
        config.features,
        config.label.name,
        examples,
        _SAMPLE,
    )
    model = artifact_utils.get_single_uri(artifacts["model"])
    path = path_utils.serving_model_path(model)
    scorer = Scorer(path)
    found: dict[str, Any] = {
        "wide_weights": heaviest_weights(
            scorer, ExportedModel(path), config.features, config.crosses, sample
        ),
        "attention": attended_examples(scorer, config.features, sample),
    }
    try:
        found["importances"] = measure_importances(scorer, sample)
    except ImportanceError as error:
        found["importances_problem"] = str(error)
    return found
