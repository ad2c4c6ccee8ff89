"""Uploaded versions: one for each content of a compiled pipeline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubeflow.client.connection import Client, silent
from kubeflow.client.package import Package
from kubeflow.client.pages import all_of, named


@dataclass(frozen=True)
class Version:
    """An uploaded version.

    Attributes:
      pipeline: The name of the pipeline.
      pipeline_id: Its id.
      name: The name of the version: the digest of its content.
      version_id: Its id.
      uploaded: Whether it was uploaded just now; False where it was there already.
    """

    pipeline: str
    pipeline_id: str
    name: str
    version_id: str
    uploaded: bool


def upload(client: Client, package: Package) -> Version:
    """Uploads a compiled pipeline, unless that very content is there already.

    The pipeline is made first, and empty: uploading it at once would name its first
    version after the pipeline. A second try finishes what a first one began.

    Args:
      client: Connected.
      package: The compiled pipeline.

    Returns:
      The version that has this content.
    """
    pipeline_id = find_pipeline(client, package.name) or _make(client, package.name)
    found = _find_version(client, pipeline_id, package.version)
    version = found or _upload(client, package, pipeline_id)
    return Version(
        pipeline=package.name,
        pipeline_id=pipeline_id,
        name=package.version,
        version_id=version.pipeline_version_id,
        uploaded=found is None,
    )


def find_pipeline(client: Client, name: str) -> str | None:
    """The id of a pipeline; kfp's own search knows no namespaces."""
    found = all_of(
        client.list_pipelines,
        "pipelines",
        namespace=client.namespace,
        filter=named(name),
    )
    return found[0].pipeline_id if found else None


def list_versions(client: Client, pipeline_id: str, limit: int) -> list[Any]:
    """The newest versions of a pipeline."""
    return all_of(
        client.list_pipeline_versions,
        "pipeline_versions",
        limit,
        pipeline_id=pipeline_id,
        sort_by="created_at desc",
    )


def _find_version(client: Client, pipeline_id: str, name: str) -> Any | None:
    found = all_of(
        client.list_pipeline_versions,
        "pipeline_versions",
        pipeline_id=pipeline_id,
        filter=named(name),
    )
    return found[0] if found else None


def _make(client: Client, name: str) -> str:
    body = client.api_models.V2beta1Pipeline(
        display_name=name, namespace=client.namespace
    )
    return str(client.pipelines.pipeline_service_create_pipeline(body).pipeline_id)


def _upload(client: Client, package: Package, pipeline_id: str) -> Any:
    with silent():
        return client.upload_pipeline_version(
            str(package.path), package.version, pipeline_id=pipeline_id
        )
