"""Writes the report of a run, as a page and as JSON."""

from __future__ import annotations

import json
import logging
import os

from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.evaluation_report.collect.report import report_of_a_run
from components.evaluation_report.content import Report
from components.evaluation_report.files import PAGE_FILE
from components.evaluation_report.part import EvaluationReportPart
from components.evaluation_report.render import render_page
from components.shared.artifacts import Artifacts, Properties

_log = logging.getLogger(__name__)


class EvaluationReportExecutor(base_executor.BaseExecutor):
    """Collects what the components of a run found, and looks into its model."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Writes the report."""
        part = EvaluationReportPart.model_validate_json(exec_properties["part"])
        run_id = (self._context and self._context.pipeline_run_id) or ""
        code = json.loads(exec_properties["codes"])
        report = report_of_a_run(input_dict, part, code, run_id)
        folder = artifact_utils.get_single_uri(output_dict["report"])
        _log.info("%s", write_report(report, folder))


def write_report(report: Report, folder: str) -> str:
    """Writes a report, as a page and as JSON.

    Returns:
      The path of the page.
    """
    report.write(folder)
    path = os.path.join(folder, PAGE_FILE)
    io_utils.write_string_file(path, render_page(report))
    return path
