"""Where things are, as a container sees them."""

from __future__ import annotations

import os

from config.root import Config
from kubeflow.compile.pods import METADATA_VARIABLE
from pipeline.metadata import Connection, connection_to
from serving.releases.storage import is_in_object_store


def connection_of(config: Config) -> Connection:
    """The connection to ML Metadata."""
    # What is in a secret often ends with a line break.
    secret = os.environ.get(METADATA_VARIABLE, "").strip()
    return connection_to(secret or config.kubeflow.metadata)


def model_dir_of(config: Config) -> str:
    """Where released models go; a folder of a person's machine is not there."""
    own = config.release.model_dir
    if own is not None and is_in_object_store(own):
        return own
    return os.path.join(config.kubeflow.models.path, config.name)
