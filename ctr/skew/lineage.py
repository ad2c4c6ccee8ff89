"""From a model back to the statistics of what it was trained on, by ML Metadata."""

from __future__ import annotations

from collections.abc import Collection

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.types import standard_artifacts

from components.shared.statistics import Statistics, read_statistics
from config.errors import InputError
from config.examples import TRAIN
from pipeline.metadata import Connection, open_store

_INPUTS = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT)
_OUTPUTS = (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.DECLARED_OUTPUT)


def training_statistics(connection: Connection, model_uri: str) -> Statistics:
    """The statistics of the training split behind a model.

    From the model to what it was trained on, from there to the examples that Transform
    made it of, and from them to their statistics.

    Raises:
      InputError: They are not known, or gone.
    """
    store = open_store(connection)
    models = store.get_artifacts_by_uri(model_uri)
    graphs = _inputs(store, models, standard_artifacts.TransformGraph.TYPE_NAME)
    examples = _inputs(store, graphs, standard_artifacts.Examples.TYPE_NAME)
    found = _outputs(store, examples, standard_artifacts.ExampleStatistics.TYPE_NAME)
    there = [each for each in found if fileio.exists(each.uri)]
    if not there:
        raise InputError(
            f"the statistics of what {model_uri} was trained on are "
            f"{'gone' if found else 'not known'}; compare with a model whose run is "
            "still there"
        )
    statistics = standard_artifacts.ExampleStatistics()
    statistics.set_mlmd_artifact(max(there, key=lambda each: each.id))
    return read_statistics(statistics, TRAIN)


_Artifacts = Collection[metadata_store_pb2.Artifact]


def _inputs(
    store: metadata_store.MetadataStore, artifacts: _Artifacts, kind: str
) -> _Artifacts:
    """The inputs, of a type, that artifacts were made from."""
    return _others(store, artifacts, _OUTPUTS, _INPUTS, kind)


def _outputs(
    store: metadata_store.MetadataStore, artifacts: _Artifacts, kind: str
) -> _Artifacts:
    """The outputs, of a type, that were made from artifacts."""
    return _others(store, artifacts, _INPUTS, _OUTPUTS, kind)


def _others(
    store: metadata_store.MetadataStore,
    artifacts: _Artifacts,
    there: Collection[int],
    beyond: Collection[int],
    kind: str,
) -> _Artifacts:
    """The artifacts at the other end of the executions of artifacts."""
    events = store.get_events_by_artifact_ids([each.id for each in artifacts])
    executions = {each.execution_id for each in events if each.type in there}
    events = store.get_events_by_execution_ids(executions)
    others = {each.artifact_id for each in events if each.type in beyond}
    found = store.get_artifacts_by_id(others)
    return [each for each in found if each.type == kind]
