"""Decides on a candidate."""

from __future__ import annotations

import logging

from tfx.components.util import model_utils
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils

from components.example_gen.spans import newest_span
from components.release_gate.decision import decide, why_older
from components.shared.artifacts import Artifacts, Properties
from components.shared.release_records import record_of
from serving.releases.records import ReleaseRecord

_log = logging.getLogger(__name__)


class ReleaseGateExecutor(base_executor.BaseExecutor):
    """Follows the gates, then people's decisions, then spans and the configuration."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Writes the decision."""
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        span = newest_span(examples)
        older = why_older(span, _record(input_dict, "last"))
        decision = decide(
            _objection(input_dict),
            exec_properties["approval"],
            _record(input_dict, "refusal"),
            _record(input_dict, "release"),
            older,
        ).model_copy(update={"span": span, "takes_rollback": older is not None})
        artifact = artifact_utils.get_single_instance(output_dict["decision"])
        artifact.status = decision.status
        decision.write(artifact.uri)
        _log.info("%s: %s", decision.status.replace("_", " "), decision.reason)


def _record(input_dict: Artifacts, key: str) -> ReleaseRecord | None:
    """Returns the record that was resolved, if there is one."""
    found = input_dict.get(key, [])
    return record_of(found[0].mlmd_artifact) if found else None


def _objection(input_dict: Artifacts) -> str | None:
    """Returns the gate that failed, if one did."""
    blessing = artifact_utils.get_single_instance(input_dict["blessing"])
    if not model_utils.is_model_blessed(blessing):
        return "a gate of the Evaluator failed"
    if not all(
        map(model_utils.is_infra_validated, input_dict.get("infra_blessing", []))
    ):
        return "infra validation failed"
    return None
