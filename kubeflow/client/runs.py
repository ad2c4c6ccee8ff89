"""Runs of an uploaded version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubeflow.client.connection import Client, silent
from kubeflow.client.pages import find
from kubeflow.client.versions import Version


@dataclass(frozen=True)
class Inputs:
    """Inputs of a run.

    Attributes:
      parameters: Values of the pipeline's parameters by name.
      pipeline_root: URI of the artifacts' folder. Given with each run, since the server
        ignores the `defaultPipelineRoot` of a compiled pipeline. Defaults to the
        server's own.
      service_account: Kubernetes account of the tasks. Defaults to the server's own.
    """

    parameters: Mapping[str, Any]
    pipeline_root: str | None = None
    service_account: str | None = None


def start(client: Client, version: Version, name: str, inputs: Inputs) -> str:
    """Starts a run, and returns its id; names need not be unique."""
    experiment_id = make_experiment(client, version.pipeline)
    with silent():
        run = client.run_pipeline(
            experiment_id,
            name,
            params=dict(inputs.parameters),
            pipeline_id=version.pipeline_id,
            version_id=version.version_id,
            pipeline_root=inputs.pipeline_root,
            service_account=inputs.service_account,
        )
    return str(run.run_id)


def make_experiment(client: Client, name: str) -> str:
    """Returns the id of the experiment of a pipeline's runs; creates a missing one."""
    with silent():
        experiment = client.create_experiment(name, namespace=client.namespace)
    return str(experiment.experiment_id)


def find_experiment(client: Client, name: str) -> str | None:
    """Returns the id of the experiment of a pipeline's runs; None if it is missing.

    For commands that only read: their account may not be allowed to create one.
    """
    experiment = find(
        client.list_experiments, "experiments", name, namespace=client.namespace
    )
    return str(experiment.experiment_id) if experiment else None
