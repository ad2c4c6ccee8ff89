"""Carries out the decision on a candidate, and records it."""

from __future__ import annotations

import hashlib
import logging
import os

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from components.evaluation_report.files import PAGE_FILE
from components.infra_validator.requests import find_warm_up
from components.release_gate.decision import Decision
from components.shared.artifacts import Artifacts, Properties, training_key
from serving.releases.records import ReleaseHistory, ReleaseRecord
from serving.releases.versions import model_digest, version_records
from serving.releases.writer import release_model, remove_old_versions, sole_writer

_log = logging.getLogger(__name__)


class PusherExecutor(base_executor.BaseExecutor):
    """Releases the model, or leaves it to a person to do so."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Writes the record."""
        uris = {key: artifact_utils.get_single_uri(input_dict[key]) for key in _INPUTS}
        decision = Decision.read(uris["decision"])
        saved_model = path_utils.serving_model_path(uris["model"])
        record = ReleaseRecord(
            status=decision.status,
            run=(self._context and self._context.pipeline_run_id) or "",
            digest=model_digest(saved_model),
            model_uri=uris["model"],
            training=training_key(uris["transform_graph"], exec_properties["trainer"]),
            span=decision.span,
            report=uris["report"],
            report_digest=_digest(os.path.join(uris["report"], PAGE_FILE)),
            warm_up=_warm_up(input_dict.get("infra_blessing")),
            override=decision.override,
        )
        if record.status == "released":
            record = _release(
                saved_model,
                record,
                exec_properties["model_dir"],
                exec_properties["keep"],
            )
        _log.info("%s, version %s", record.status.replace("_", " "), record.version)
        artifact = artifact_utils.get_single_instance(output_dict["release"])
        artifact.record = record.model_dump_json()
        io_utils.write_string_file(
            os.path.join(artifact.uri, "release.json"), record.model_dump_json(indent=2)
        )


_INPUTS = ("model", "decision", "transform_graph", "report")


def _digest(file: str) -> str:
    """Returns the SHA-256 of a file, as `sha256sum` prints it."""
    with fileio.open(file, "rb") as opened:
        return hashlib.sha256(opened.read()).hexdigest()


def _warm_up(blessings: list[types.Artifact] | None) -> str:
    if not blessings:
        return ""
    return find_warm_up(artifact_utils.get_single_uri(blessings))


def _release(
    saved_model: str, record: ReleaseRecord, model_dir: str, keep: int
) -> ReleaseRecord:
    """Releases, unless the model was rolled back while the run was under way."""
    with sole_writer(model_dir):
        history = ReleaseHistory(version_records(model_dir))
        refusal = history.refusal(record.digest)
        if refusal is not None:
            note = f"its model was rolled back, as version {refusal.version} says"
            return record.model_copy(update={"status": "rejected", "note": note})
        released = release_model(saved_model, model_dir, record)
        remove_old_versions(model_dir, keep)
    return record.model_copy(update={"version": released.version})
