"""Lineage of artifacts in ML Metadata."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

_INPUTS = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT)
_OUTPUTS = (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.DECLARED_OUTPUT)


class Lineage:
    """Lineage of artifacts."""

    def __init__(self, store: metadata_store.MetadataStore):
        """Takes a connection to ML Metadata."""
        self._store = store

    def artifacts_at(self, uri: str) -> set[int]:
        """Returns the artifacts with a URI."""
        return {artifact.id for artifact in self._store.get_artifacts_by_uri(uri)}

    def made_from(self, artifacts: Collection[int], kind: str) -> set[int]:
        """Returns the inputs, of a type, that artifacts were made from."""
        return {each.id for each in self._others(artifacts, _OUTPUTS, _INPUTS, kind)}

    def made_of(
        self, artifacts: Collection[int], kind: str
    ) -> list[metadata_store_pb2.Artifact]:
        """Returns the outputs, of a type, that were made from artifacts."""
        return self._others(artifacts, _INPUTS, _OUTPUTS, kind)

    def _others(
        self,
        artifacts: Collection[int],
        there: Collection[int],
        beyond: Collection[int],
        kind: str,
    ) -> list[metadata_store_pb2.Artifact]:
        """Returns the artifacts at the other end of the executions of artifacts."""
        events = self._store.get_events_by_artifact_ids(artifacts)
        executions = {each.execution_id for each in events if each.type in there}
        events = self._store.get_events_by_execution_ids(executions)
        others = {each.artifact_id for each in events if each.type in beyond}
        return [each for each in self.artifacts(others) if each.type == kind]

    def artifacts(self, ids: Iterable[int]) -> list[metadata_store_pb2.Artifact]:
        """Returns the artifacts with ids."""
        found: list[metadata_store_pb2.Artifact] = self._store.get_artifacts_by_id(
            list(ids)
        )
        return found
