"""Runs of an uploaded version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubeflow.client.connection import Client, silent
from kubeflow.client.pages import all_of, named
from kubeflow.client.versions import Version


@dataclass(frozen=True)
class Inputs:
    """What a run is given.

    Attributes:
      parameters: Values of the pipeline's parameters, by name.
      pipeline_root: Where artifacts go. Given with each run, since the server ignores
        the `defaultPipelineRoot` of a compiled pipeline; None for its own default.
      service_account: What the tasks run as; None for the server's default.
    """

    parameters: Mapping[str, Any]
    pipeline_root: str | None = None
    service_account: str | None = None


def start(client: Client, version: Version, name: str, inputs: Inputs) -> str:
    """Starts a run of a version.

    Args:
      client: Connected.
      version: What is run.
      name: Names the run; several may have the same name.
      inputs: What it is given.

    Returns:
      The id of the run.
    """
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
    """The id of the experiment that holds a pipeline's runs; made where missing."""
    with silent():
        experiment = client.create_experiment(name, namespace=client.namespace)
    return str(experiment.experiment_id)


def find_experiment(client: Client, name: str) -> str | None:
    """The id of the experiment that holds a pipeline's runs; None where it is missing.

    For what only looks: an account that may view may not make one.
    """
    found = all_of(
        client.list_experiments,
        "experiments",
        namespace=client.namespace,
        filter=named(name),
    )
    return str(found[0].experiment_id) if found else None


def list_runs(client: Client, experiment_id: str, limit: int) -> list[Any]:
    """The newest runs of an experiment."""
    return all_of(
        client.list_runs,
        "runs",
        limit,
        experiment_id=experiment_id,
        sort_by="created_at desc",
    )
