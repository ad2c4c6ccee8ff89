"""Paths and connections as containers use them."""

from __future__ import annotations

import os

from config.root import Config
from kubeflow.compile.pods import METADATA_VARIABLE
from pipeline.metadata import Connection, connection_to
from serving.releases.storage import is_in_object_store


def connection_of(config: Config) -> Connection:
    """Returns the connection to ML Metadata."""
    url = config.kubeflow.metadata
    if url is None:
        # Secrets often end with a line break.
        url = os.environ.get(METADATA_VARIABLE, "").strip()
    return connection_to(url)


def model_dir_of(config: Config) -> str:
    """Returns the directory of released models: a URL, or on `kubeflow.models`."""
    configured = config.release.model_dir
    if configured is not None and is_in_object_store(configured):
        return configured
    return os.path.join(config.kubeflow.models.path, config.name)
