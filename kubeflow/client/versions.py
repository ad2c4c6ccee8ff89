"""Uploaded versions of a pipeline, one per content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kubeflow.client.connection import Client, silent
from kubeflow.client.package import Package
from kubeflow.client.pages import find


@dataclass(frozen=True)
class Version:
    """An uploaded version.

    Attributes:
      pipeline: Name of the pipeline.
      name: Digest of the content.
      uploaded: False if the server had the version already.
    """

    pipeline: str
    pipeline_id: str
    name: str
    version_id: str
    uploaded: bool


def upload(client: Client, package: Package) -> Version:
    """Uploads a compiled pipeline unless the server has the same content.

    The pipeline is created first, without a version: uploading it at once would name
    its first version after the pipeline. An interrupted upload can be repeated.
    """
    pipeline_id = find_pipeline(client, package.name) or _create(client, package.name)
    found = find(
        client.list_pipeline_versions,
        "pipeline_versions",
        package.version,
        pipeline_id=pipeline_id,
    )
    version = found or _upload(client, package, pipeline_id)
    return Version(
        pipeline=package.name,
        pipeline_id=pipeline_id,
        name=package.version,
        version_id=version.pipeline_version_id,
        uploaded=found is None,
    )


def find_pipeline(client: Client, name: str) -> str | None:
    """Returns the id of a pipeline; kfp's own search ignores namespaces."""
    pipeline = find(
        client.list_pipelines, "pipelines", name, namespace=client.namespace
    )
    return pipeline.pipeline_id if pipeline else None


def _create(client: Client, name: str) -> str:
    body = client.api_models.V2beta1Pipeline(
        display_name=name, namespace=client.namespace
    )
    return str(client.pipelines.pipeline_service_create_pipeline(body).pipeline_id)


def _upload(client: Client, package: Package, pipeline_id: str) -> Any:
    with silent():
        return client.upload_pipeline_version(
            str(package.path), package.version, pipeline_id=pipeline_id
        )
