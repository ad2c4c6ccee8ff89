"""Inputs of a task: values of parameters, and copies of files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from kfp.pipeline_spec import pipeline_spec_pb2

from config.errors import KubeflowError, RunError
from kubeflow.compile.spec_builder import RUN_ID
from kubeflow.task.metadata import mark_deleted
from kubeflow.task.paths import local_path
from pipeline.metadata import Connection


def parameters_of(inputs: pipeline_spec_pb2.ExecutorInput.Inputs) -> dict[str, Any]:
    """Returns the parameters by name; all numbers are floats."""
    return {
        name: getattr(value, value.WhichOneof("kind"))
        for name, value in inputs.parameter_values.items()
    }


def run_id_of(values: Mapping[str, Any]) -> str:
    """Returns the id of the run from the parameters of a task.

    Raises:
      KubeflowError: The server does not replace placeholders, so that all runs would
        have the same id.
    """
    run_id = str(values[RUN_ID])
    if run_id.startswith("{{$"):
        raise KubeflowError(
            f"run id: got {run_id!r}, which this server does not replace; upgrade "
            "Kubeflow Pipelines to 2.5 or later"
        )
    return run_id


def check_copies(
    connection: Connection, inputs: pipeline_spec_pb2.ExecutorInput.Inputs
) -> None:
    """Checks that the files of all inputs were copied.

    The launcher silently skips missing files: those that someone removed, and those of
    a task that was killed between recording its outputs and their upload. Missing
    artifacts are marked as deleted, or each later run would resolve them again.

    Raises:
      RunError: An input has no files.
    """
    for key, artifacts in inputs.artifacts.items():
        for artifact in artifacts.artifacts:
            path = local_path(artifact.uri)
            if not os.path.exists(path):
                mark_deleted(connection, path)
                raise RunError(
                    f"{key}: {artifact.uri} is missing in the object store, and now "
                    "marked as deleted in ML Metadata; start another run"
                )
