"""What tasks ask of ML Metadata themselves."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone

from ml_metadata import errors
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from config.root import Config
from kubeflow.compile.pods import METADATA_VARIABLE
from pipeline.metadata import Connection, connection_to, open_store

# TFX's types of the contexts of a run, and of a node, `PIPELINE.NODE`.
_RUN = "pipeline_run"
_NODE = "node"

_State = metadata_store_pb2.Execution
_Event = metadata_store_pb2.Event


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
    _mark_deleted(store, store.get_artifacts_by_uri(path))


def forget_results(connection: Connection, run_id: str, node: str) -> None:
    """Takes back what an earlier attempt of a task recorded.

    The files of its outputs were in a pod that is gone. TFX would take the node for
    done, and the backend would upload empty folders. What a resolver found is of other
    runs, and stays: TFX records it as INTERNAL_OUTPUT.
    """
    store = open_store(connection)
    for execution in _executions(store, run_id).get(node, []):
        if execution.last_known_state == _State.COMPLETE:
            events = store.get_events_by_execution_ids([execution.id])
            made = [each.artifact_id for each in events if each.type == _Event.OUTPUT]
            _mark_deleted(store, store.get_artifacts_by_id(made))
            execution.last_known_state = _State.FAILED
            store.put_executions([execution])


def incomplete_nodes(connection: Connection, run_id: str) -> list[str]:
    """Returns the nodes of a run that started and did not complete, by name.

    One whose driver failed, or that was killed, is still RUNNING.
    """
    executions = _executions(open_store(connection), run_id)
    return sorted(
        node
        for node, attempts in executions.items()
        if attempts[-1].last_known_state not in (_State.COMPLETE, _State.CACHED)
    )


def _mark_deleted(
    store: metadata_store.MetadataStore,
    artifacts: Sequence[metadata_store_pb2.Artifact],
) -> None:
    for artifact in artifacts:
        artifact.state = metadata_store_pb2.Artifact.DELETED
    store.put_artifacts(artifacts)


def _executions(
    store: metadata_store.MetadataStore, run_id: str
) -> Mapping[str, list[metadata_store_pb2.Execution]]:
    """Returns the executions of a run by node, in their order."""
    nodes: defaultdict[str, list[metadata_store_pb2.Execution]] = defaultdict(list)
    run = store.get_context_by_type_and_name(_RUN, run_id)
    executions = [] if run is None else store.get_executions_by_context(run.id)
    for execution in sorted(executions, key=lambda each: each.id):
        for context in store.get_contexts_by_execution(execution.id):
            if context.type == _NODE:
                _, _, node = context.name.partition(".")
                nodes[node].append(execution)
    return nodes
