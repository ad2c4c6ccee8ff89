"""Decides on a candidate, and says which report it is decided on."""

from __future__ import annotations

import hashlib
import logging
import os
from typing import Any

from tfx import types
from tfx.components.util import model_utils
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from components.evaluation_report.content import read_content
from components.evaluation_report.files import PAGE_FILE
from components.release_gate.decision import decide, why_older
from components.release_records import ReleaseRecord

_log = logging.getLogger(__name__)


class ReleaseGateExecutor(base_executor.BaseExecutor):
    """Follows the gates, then what people said, then spans, then `release.approval`."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Writes the decision."""
        report = artifact_utils.get_single_uri(input_dict["report"])
        span = _newest_span(report)
        older = why_older(span, _record(input_dict, "last"))
        decision = decide(
            artifact_utils.get_single_uri(input_dict["model"]),
            _objection(input_dict),
            exec_properties["approval"],
            _record(input_dict, "standing"),
            older,
        ).model_copy(
            update={
                "span": span,
                "takes_rollback": older is not None,
                "report": report,
                "report_digest": _digest(report),
            }
        )
        artifact = artifact_utils.get_single_instance(output_dict["decision"])
        artifact.status = decision.status
        decision.write(artifact.uri)
        _log.info("%s: %s", decision.status.replace("_", " "), decision.reason)


def _record(
    input_dict: dict[str, list[types.Artifact]], key: str
) -> ReleaseRecord | None:
    """What was resolved, if anything was."""
    for release in input_dict.get(key, []):
        return ReleaseRecord.of(release.mlmd_artifact)
    return None


def _newest_span(report: str) -> str:
    """As the report names it; empty where the examples are not in spans."""
    spans = read_content(report).lineage.spans
    return "" if spans is None else spans.newest


def _objection(input_dict: dict[str, list[types.Artifact]]) -> str | None:
    """What failed, if anything did."""
    blessing = artifact_utils.get_single_instance(input_dict["blessing"])
    if not model_utils.is_model_blessed(blessing):
        return "a gate of the Evaluator failed"
    for infra_blessing in input_dict.get("infra_blessing", []):
        if not model_utils.is_infra_validated(infra_blessing):
            return "infra validation failed"
    return None


def _digest(report: str) -> str:
    """SHA-256 of the page, as `sha256sum` tells it."""
    with fileio.open(os.path.join(report, PAGE_FILE), "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
