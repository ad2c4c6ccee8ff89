"""The release records of a pipeline in ML Metadata."""

from __future__ import annotations

from ml_metadata import errors
from ml_metadata.proto import metadata_store_pb2

from components.shared.release_records import RECORD_PROPERTY, RELEASE_TYPE, history_of
from config.errors import ReleaseError
from pipeline.metadata import Connection, open_store
from serving.releases.records import ReleaseHistory, ReleaseRecord

# TFX's names of contexts.
_PIPELINE = "pipeline"
_RUN = "pipeline_run"

# Our name of the execution by which a person decides.
_DECISION = "ReleaseByPerson"


class RecordStore:
    """The release records of one pipeline."""

    def __init__(self, connection: Connection, pipeline: str):
        """Connects to ML Metadata.

        Raises:
          ReleaseError: The pipeline has never run.
        """
        self._store = open_store(connection)
        context = self._context(_PIPELINE, pipeline)
        if context is None:
            raise ReleaseError(f"{pipeline} has never run; run `ctr run` first")
        self._pipeline = context

    def history(self) -> ReleaseHistory:
        """Returns all records, without those of older code."""
        artifacts = self._store.get_artifacts_by_context(self._pipeline.id)
        return history_of(each for each in artifacts if each.type == RELEASE_TYPE)

    def position(self, run: str) -> int | None:
        """Returns a number that is higher for later runs; None for an unknown run."""
        context = self._context(_RUN, run)
        return None if context is None else context.id

    def add(self, record: ReleaseRecord, basis: int = 0) -> None:
        """Adds the record of a person's decision, in one transaction.

        The artifact belongs to the pipeline and to the run, as if the Pusher had made
        it, so resolvers find it.

        Args:
          record: The record.
          basis: Id of the record that was decided on; 0 for none.
        """
        events = [(self._artifact(record), _event(metadata_store_pb2.Event.OUTPUT))]
        for read in self._store.get_artifacts_by_id([basis] if basis else []):
            events.append((read, _event(metadata_store_pb2.Event.INPUT)))
        contexts = [self._pipeline, self._context(_RUN, record.run)]
        kind = metadata_store_pb2.ExecutionType(name=_DECISION)
        self._store.put_execution(
            metadata_store_pb2.Execution(
                type_id=self._store.put_execution_type(kind),
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

    def _artifact(self, record: ReleaseRecord) -> metadata_store_pb2.Artifact:
        kind = metadata_store_pb2.ArtifactType(name=RELEASE_TYPE)
        kind.properties[RECORD_PROPERTY] = metadata_store_pb2.STRING
        artifact = metadata_store_pb2.Artifact(
            # A database may have the properties of older code.
            type_id=self._store.put_artifact_type(
                kind, can_add_fields=True, can_omit_fields=True
            ),
            state=metadata_store_pb2.Artifact.LIVE,
        )
        artifact.properties[RECORD_PROPERTY].string_value = record.model_dump_json()
        return artifact


def _event(kind: metadata_store_pb2.Event.Type) -> metadata_store_pb2.Event:
    event = metadata_store_pb2.Event(type=kind)
    event.path.steps.add(key="release")
    event.path.steps.add(index=0)
    return event
