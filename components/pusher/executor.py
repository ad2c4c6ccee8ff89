"""Releases a model where that was decided, and records it either way."""

from __future__ import annotations

import logging
import os
from typing import Any

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from components.artifacts import training_key
from components.infra_validator.warm_up import find_warm_up
from components.release_gate.decision import Decision
from components.release_records import ReleaseRecord
from serving.release.publish import (
    Origin,
    model_digest,
    release_model,
    remove_old_versions,
    sole_writer,
)
from serving.release.versions import taken_back, version_path

_log = logging.getLogger(__name__)


class PusherExecutor(base_executor.BaseExecutor):
    """Copies the model to its versions, or leaves it to a person to do so."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Does what was decided."""
        decision = Decision.read(artifact_utils.get_single_uri(input_dict["decision"]))
        graph_uri = artifact_utils.get_single_uri(input_dict["transform_graph"])
        record = ReleaseRecord(
            status=decision.status,
            run=(self._context and self._context.pipeline_run_id) or "",
            model_uri=artifact_utils.get_single_uri(input_dict["model"]),
            training=training_key(graph_uri, exec_properties["trainer"]),
            span=decision.span,
            report=decision.report,
            report_digest=decision.report_digest,
            warm_up=_warm_up(input_dict.get("infra_blessing")),
        )
        if record.status == "released":
            record = _release(
                record, exec_properties["model_dir"], exec_properties["keep"]
            )
        _log.info("%s", _in_words(record))
        _write(record, artifact_utils.get_single_instance(output_dict["release"]))


def _warm_up(blessings: list[types.Artifact] | None) -> str:
    if not blessings:
        return ""
    return find_warm_up(artifact_utils.get_single_uri(blessings))


def _release(record: ReleaseRecord, model_dir: str, keep: int) -> ReleaseRecord:
    """Releases, unless the model was rolled back while the run was under way."""
    saved_model = path_utils.serving_model_path(record.model_uri)
    with sole_writer(model_dir):
        rollback = taken_back(model_dir, model_digest(saved_model))
        if rollback is not None:
            note = f"its model was rolled back, as version {rollback.version} says"
            return record.model_copy(update={"status": "rejected", "note": note})
        released = release_model(
            saved_model,
            model_dir,
            Origin(record.model_uri, record.run, record.report_digest),
            record.warm_up,
        )
        remove_old_versions(model_dir, keep)
    path = version_path(model_dir, released.version)
    return record.model_copy(update={"version": released.version, "path": path})


def _in_words(record: ReleaseRecord) -> str:
    if record.status == "released":
        return f"version {record.version} in {record.path}"
    return f"nothing released: {record.status.replace('_', ' ')}"


def _write(record: ReleaseRecord, artifact: types.Artifact) -> None:
    for name, value in record.properties().items():
        setattr(artifact, name, value)
    content = record.model_dump_json(indent=2, exclude={"id", "at", "training"})
    io_utils.write_string_file(os.path.join(artifact.uri, "release.json"), content)
