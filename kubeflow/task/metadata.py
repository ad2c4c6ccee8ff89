"""What tasks ask of ML Metadata themselves."""

from __future__ import annotations

import os
from datetime import datetime, timezone

from ml_metadata import errors
from ml_metadata.proto import metadata_store_pb2

from config.root import Config
from kubeflow.compile.pods import METADATA_VARIABLE
from pipeline.metadata import Connection, connection_to, open_store

# TFX's type of the context of a run.
_RUN = "pipeline_run"


def connection_of(config: Config) -> Connection:
    """Returns the connection of a container to ML Metadata."""
    url = config.kubeflow.metadata
    if url is None:
        # Secrets often end with a line break.
        url = os.environ.get(METADATA_VARIABLE, "").strip()
    return connection_to(url)


def start_time(connection: Connection, run_id: str) -> datetime:
    """Returns the time at which ML Metadata got a run's first record; else the current.

    All tasks of a run get the same time, even if midnight is between them.
    """
    store = open_store(connection)
    try:
        context = store.get_context_by_type_and_name(_RUN, run_id)
    except errors.NotFoundError:
        context = None
    if context is None:
        return datetime.now(timezone.utc)
    seconds = context.create_time_since_epoch / 1000
    return datetime.fromtimestamp(seconds, timezone.utc)


def mark_deleted(connection: Connection, path: str) -> None:
    """Marks the artifacts of a path as deleted, so that no later run resolves them."""
    store = open_store(connection)
    artifacts = store.get_artifacts_by_uri(path)
    for artifact in artifacts:
        artifact.state = metadata_store_pb2.Artifact.DELETED
    store.put_artifacts(artifacts)
