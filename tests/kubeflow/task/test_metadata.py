"""What a retry takes back of an earlier attempt."""

from __future__ import annotations

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from kubeflow.task.metadata import forget_results
from pipeline.metadata import connection_to

EVENTS = metadata_store_pb2.Event
LIVE, DELETED = metadata_store_pb2.Artifact.LIVE, metadata_store_pb2.Artifact.DELETED


def record(store, run, node, event):
    """Records a complete execution of a node with one artifact; gives its id."""
    kinds = metadata_store_pb2
    kind = store.put_artifact_type(kinds.ArtifactType(name="Model"))
    artifact = kinds.Artifact(type_id=kind, uri=node, state=LIVE)
    kind = store.put_execution_type(kinds.ExecutionType(name=node))
    complete = kinds.Execution.COMPLETE
    execution = kinds.Execution(type_id=kind, last_known_state=complete)
    contexts = []
    for name, text in (("pipeline_run", run), ("node", f"ads.{node}")):
        kind = store.put_context_type(kinds.ContextType(name=name))
        contexts.append(kinds.Context(type_id=kind, name=text))
    events = [(artifact, EVENTS(type=event))]
    _, (made,), _ = store.put_execution(
        execution, events, contexts, reuse_context_if_already_exist=True
    )
    return made


def test_only_the_own_outputs_of_the_node_in_the_run_are_deleted(tmp_path):
    """Not a released model that a resolver found, nor another run's or node's."""
    connection = connection_to(f"sqlite://{tmp_path}/metadata.sqlite")
    store = metadata_store.MetadataStore(connection)
    found = record(store, "r1", "LastRelease", EVENTS.INTERNAL_OUTPUT)
    trained = record(store, "r1", "Trainer", EVENTS.OUTPUT)
    others = [
        record(store, "r0", "Trainer", EVENTS.OUTPUT),
        record(store, "r1", "Tuner", EVENTS.OUTPUT),
    ]
    for node in ("LastRelease", "Trainer", "Evaluator"):
        forget_results(connection, "r1", node)

    states = {each.id: each.state for each in store.get_artifacts()}
    assert states == {found: LIVE, trained: DELETED, others[0]: LIVE, others[1]: LIVE}
