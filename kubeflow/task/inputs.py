"""What a task is handed: values of parameters, and copies of files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kfp.pipeline_spec import pipeline_spec_pb2
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from config.errors import KubeflowError, RunError
from kubeflow.compile.adapt import RUN_ID
from kubeflow.task.objects import local_path
from pipeline.metadata import Connection


def parameters_of(inputs: pipeline_spec_pb2.ExecutorInput.Inputs) -> dict[str, Any]:
    """The values of the parameters; any number is a float."""
    return {
        name: getattr(value, value.WhichOneof("kind"))
        for name, value in inputs.parameter_values.items()
    }


def run_id_of(values: Mapping[str, Any]) -> str:
    """Returns the id of the run.

    Args:
      values: The parameters of the task.

    Raises:
      KubeflowError: The server does not replace placeholders, so that all runs would
        share one id.
    """
    run_id = str(values[RUN_ID])
    if run_id.startswith("{{$"):
        raise KubeflowError(
            f"the id of the run is {run_id!r}: this server does not replace it; "
            "upgrade Kubeflow Pipelines to 2.5 or later"
        )
    return run_id


def check_copies(
    connection: Connection, inputs: pipeline_spec_pb2.ExecutorInput.Inputs
) -> None:
    """Checks that the files of all inputs are there.

    The launcher copies what it finds, and says nothing of what it does not find: what
    somebody removed, or what never came to be uploaded since a task was killed after it
    had told ML Metadata. The latter is told then, or each later run would resolve it.

    Raises:
      RunError: One is not there.
    """
    for key, artifacts in inputs.artifacts.items():
        for artifact in artifacts.artifacts:
            path = local_path(artifact.uri)
            if not os.path.exists(path):
                _tell_gone(connection, path)
                raise RunError(
                    f"{key}: {artifact.uri} is not in the object store; ML Metadata is "
                    "told so; start another run"
                )


def _tell_gone(connection: Connection, path: str) -> None:
    with metadata.Metadata(connection) as handle:
        gone = handle.store.get_artifacts_by_uri(path)
        for artifact in gone:
            artifact.state = metadata_store_pb2.Artifact.DELETED
        handle.store.put_artifacts(gone)
