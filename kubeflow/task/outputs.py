"""Outputs of a task: files that Kubeflow copies, and metadata that it shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from tfx import types

from config.errors import RunError
from kubeflow.compile.spec_builder import NOTHING
from kubeflow.task.paths import is_copy, uri_of
from pipeline.run.nodes import Outputs

_PLACEHOLDER = ".keep"


def keep_folder(folder: str) -> None:
    """Adds a file to an empty folder, which an object store cannot have.

    The launcher silently skips missing outputs, and the task that reads one would fail.
    """
    path = Path(folder)
    path.mkdir(parents=True, exist_ok=True)
    if not any(path.iterdir()):
        (path / _PLACEHOLDER).touch()


def made_artifact(outputs: Outputs, key: str) -> types.Artifact:
    """Returns the artifact of an output.

    Raises:
      RunError: The node wrote none or several; the backend accepts exactly one.
    """
    made = outputs.get(key, [])
    if len(made) != 1:
        raise RunError(
            f"output {key!r}: expected one artifact, got {len(made)}; the node wrote "
            f"{', '.join(sorted(outputs)) or 'nothing'}; correct its executor"
        )
    return made[0]


def artifact_with_metadata(
    artifact: types.Artifact,
) -> pipeline_spec_pb2.RuntimeArtifact:
    """Returns the metadata of an artifact for the backend.

    Backends reject null and wrap lists and objects, which are JSON here.
    """
    values = {**artifact.mlmd_artifact.properties}
    values.update(artifact.mlmd_artifact.custom_properties)
    metadata: dict[str, Any] = {
        "tfx_type": artifact.type_name,
        "tfx_id": artifact.id,
        "tfx_uri": artifact.uri,
    }
    for name, value in values.items():
        kind = value.WhichOneof("value")
        if kind in ("struct_value", "proto_value"):
            message = json_format.MessageToDict(getattr(value, kind))
            metadata[name] = json.dumps(message)
        elif kind is not None:
            metadata[name] = getattr(value, kind)
    runtime = pipeline_spec_pb2.RuntimeArtifact()
    runtime.metadata.update(metadata)
    return runtime


def import_uri(
    outputs: pipeline_spec_pb2.ExecutorInput.Outputs, path: str | None
) -> str:
    """Returns the URI for the importer of an artifact that a resolver found.

    Args:
      path: Path of the artifact. If it is None or not in the object store, the URI is
        that of the task's artifact `nothing`, since importers take no others.
    """
    if path is not None and is_copy(path):
        return uri_of(path)
    uri: str = outputs.artifacts[NOTHING].artifacts[0].uri
    return uri


def write_result(
    outputs: pipeline_spec_pb2.ExecutorInput.Outputs,
    result: pipeline_spec_pb2.ExecutorOutput,
) -> None:
    """Writes the result of the task for the backend."""
    path = Path(outputs.output_file)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json_format.MessageToJson(result))
