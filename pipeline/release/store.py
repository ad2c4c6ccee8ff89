"""Records of releases in ML Metadata."""

from __future__ import annotations

from ml_metadata import errors
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from components.release_records import (
    PROPERTIES,
    RELEASE_TYPE,
    ReleaseHistory,
    ReleaseRecord,
)
from pipeline.errors import ReleaseError
from pipeline.metadata import Connection

# As TFX calls them.
_PIPELINE = "pipeline"
_RUN = "pipeline_run"
_OUTPUT_KEY = "release"

# Of our own: a person did it.
_DECISION = "ReleaseByPerson"


class ReleaseStore:
    """The records of one pipeline."""

    def __init__(self, connection: Connection, pipeline: str):
        """Connects to ML Metadata.

        Raises:
          ReleaseError: The pipeline has never run.
        """
        self._store = metadata_store.MetadataStore(connection)
        context = self._context(_PIPELINE, pipeline)
        if context is None:
            raise ReleaseError(f"{pipeline} has never run; make a run by: ctr run")
        self._pipeline = context

    def history(self) -> ReleaseHistory:
        """All records."""
        artifacts = self._store.get_artifacts_by_context(self._pipeline.id)
        return ReleaseHistory.of(
            artifact for artifact in artifacts if artifact.type == RELEASE_TYPE
        )

    def position(self, run: str) -> int | None:
        """A number that is higher for later runs; None where there is no such run."""
        context = self._context(_RUN, run)
        return None if context is None else context.id

    def add(self, record: ReleaseRecord, basis: ReleaseRecord | None) -> None:
        """Adds what a person decided, in one transaction.

        The artifact becomes one of the pipeline and of the run, as if the Pusher had
        made it, so resolvers find it.

        Args:
          record: What was decided.
          basis: The record that it was decided on, if there is one.
        """
        events = [(self._artifact(record), _event(metadata_store_pb2.Event.OUTPUT))]
        if basis is not None:
            (read,) = self._store.get_artifacts_by_id([basis.id])
            events.append((read, _event(metadata_store_pb2.Event.INPUT)))
        contexts = [self._pipeline, self._context(_RUN, record.run)]
        self._store.put_execution(
            metadata_store_pb2.Execution(
                type_id=self._execution_type(),
                last_known_state=metadata_store_pb2.Execution.COMPLETE,
            ),
            events,
            [context for context in contexts if context is not None],
            force_reuse_context=True,
        )

    def _context(self, kind: str, name: str) -> metadata_store_pb2.Context | None:
        try:
            return self._store.get_context_by_type_and_name(kind, name)
        except errors.NotFoundError:
            return None  # no pipeline ever ran

    def _execution_type(self) -> int:
        kind = metadata_store_pb2.ExecutionType(name=_DECISION)
        type_id: int = self._store.put_execution_type(kind)
        return type_id

    def _artifact(self, record: ReleaseRecord) -> metadata_store_pb2.Artifact:
        kind = metadata_store_pb2.ArtifactType(name=RELEASE_TYPE)
        for name, annotation in PROPERTIES.items():
            kind.properties[name] = (
                metadata_store_pb2.INT
                if annotation is int
                else metadata_store_pb2.STRING
            )
        artifact = metadata_store_pb2.Artifact(
            # Fields come and go as the code does.
            type_id=self._store.put_artifact_type(
                kind, can_add_fields=True, can_omit_fields=True
            ),
            uri=record.path,
            state=metadata_store_pb2.Artifact.LIVE,
        )
        for name, value in record.properties().items():
            if isinstance(value, int):
                artifact.properties[name].int_value = value
            else:
                artifact.properties[name].string_value = value
        return artifact


def _event(kind: metadata_store_pb2.Event.Type) -> metadata_store_pb2.Event:
    event = metadata_store_pb2.Event(type=kind)
    event.path.steps.add(key=_OUTPUT_KEY)
    event.path.steps.add(index=0)
    return event
