"""Release records as artifacts of ML Metadata.

Imports no TFX, for the commands that a person is waiting for.
"""

from __future__ import annotations

from collections.abc import Iterable

from ml_metadata.proto import metadata_store_pb2

from serving.releases.records import ReleaseHistory, ReleaseRecord

RELEASE_TYPE = "Release"
# The property of a Release artifact that holds its record as JSON.
RECORD_PROPERTY = "record"


def record_of(artifact: metadata_store_pb2.Artifact) -> ReleaseRecord:
    """Returns the record of a Release artifact."""
    text = artifact.properties[RECORD_PROPERTY].string_value
    return ReleaseRecord.model_validate_json(text).model_copy(
        update={"id": artifact.id}
    )


def history_of(artifacts: Iterable[metadata_store_pb2.Artifact]) -> ReleaseHistory:
    """Returns the history that Release artifacts hold, without those of older code."""
    return ReleaseHistory(
        record_of(artifact)
        for artifact in artifacts
        if RECORD_PROPERTY in artifact.properties
    )
