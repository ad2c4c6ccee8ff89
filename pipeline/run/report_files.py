"""The report of a run, in the folder of the run."""

from __future__ import annotations

import shutil
from pathlib import Path

from components.evaluation_report.collect.report import report_on_data
from components.evaluation_report.executor import write_report
from components.evaluation_report.files import CONTENT_FILE, PAGE_FILE
from components.evaluation_report.part import EvaluationReportPart
from config.root import Config
from pipeline.dag import component_codes
from pipeline.run.nodes import RunOutputs


def keep_report(outputs: RunOutputs, folder: Path) -> Path:
    """Copies the report that a run has made, so that deleting artifacts leaves it.

    Args:
      outputs: Output artifacts by component and key.
      folder: The folder of the run.

    Returns:
      The page.
    """
    (report,) = outputs["EvaluationReport"]["report"]
    for name in (CONTENT_FILE, PAGE_FILE):
        # As bytes: what is approved is known by its digest.
        shutil.copyfile(Path(report.uri, name), folder / name)
    return folder / PAGE_FILE


def report_stop(config: Config, outputs: RunOutputs, folder: Path, reason: str) -> Path:
    """Writes the report of a run that a gate stopped before there was a candidate.

    Args:
      config: The configuration.
      outputs: Output artifacts of the components that ended well.
      folder: The folder of the run; its name is the run's id.
      reason: Why it ended.

    Returns:
      The page.
    """
    artifacts = {
        "examples": outputs["ExampleGen"]["examples"],
        "statistics": outputs["StatisticsGen"]["statistics"],
        "schema": outputs["SchemaGen"]["schema"],
        "previous_statistics": outputs.get("PreviousStatistics", {}).get(
            "previous", []
        ),
        "serving_statistics": outputs.get("ServingStatisticsGen", {}).get(
            "statistics", []
        ),
    }
    part = EvaluationReportPart.of(config)
    report = report_on_data(artifacts, part, component_codes(), folder.name, reason)
    return Path(write_report(report, str(folder)))
