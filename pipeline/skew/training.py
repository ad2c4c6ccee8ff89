"""Finds the statistics of the examples that a model was trained on."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.io import fileio
from tfx.types import standard_artifacts

from components.example_validator.anomalies import Statistics, read_statistics
from pipeline.config.examples import TRAIN
from pipeline.errors import InputError
from pipeline.metadata import Connection

_INPUTS = (metadata_store_pb2.Event.INPUT, metadata_store_pb2.Event.DECLARED_INPUT)
_OUTPUTS = (metadata_store_pb2.Event.OUTPUT, metadata_store_pb2.Event.DECLARED_OUTPUT)


def training_statistics(connection: Connection, model_uri: str) -> Statistics:
    """The statistics of the training split behind a model.

    From the model to what it was trained on, from there to the examples that Transform
    made it of, and from them to their statistics.

    Args:
      connection: Connection to ML Metadata.
      model_uri: URI of the Model artifact.

    Raises:
      InputError: They are not known, or gone.
    """
    lineage = _Lineage(connection)
    models = lineage.artifacts_at(model_uri)
    graphs = lineage.made_from(models, standard_artifacts.TransformGraph.TYPE_NAME)
    examples = lineage.made_from(graphs, standard_artifacts.Examples.TYPE_NAME)
    found = lineage.made_of(examples, standard_artifacts.ExampleStatistics.TYPE_NAME)
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


class _Lineage:
    """What was made from what."""

    def __init__(self, connection: Connection):
        self._store = metadata_store.MetadataStore(connection)

    def artifacts_at(self, uri: str) -> set[int]:
        """Those with a URI."""
        return {artifact.id for artifact in self._store.get_artifacts_by_uri(uri)}

    def made_from(self, artifacts: Collection[int], kind: str) -> set[int]:
        """Those of a type that artifacts were made from."""
        return {each.id for each in self._others(artifacts, _OUTPUTS, _INPUTS, kind)}

    def made_of(
        self, artifacts: Collection[int], kind: str
    ) -> list[metadata_store_pb2.Artifact]:
        """Those of a type that were made from artifacts."""
        return self._others(artifacts, _INPUTS, _OUTPUTS, kind)

    def _others(
        self,
        artifacts: Collection[int],
        there: Collection[int],
        beyond: Collection[int],
        kind: str,
    ) -> list[metadata_store_pb2.Artifact]:
        """What is at the other end of executions that have artifacts at one."""
        events = self._store.get_events_by_artifact_ids(artifacts)
        executions = {each.execution_id for each in events if each.type in there}
        events = self._store.get_events_by_execution_ids(executions)
        others = {each.artifact_id for each in events if each.type in beyond}
        return [each for each in self._get(others) if each.type == kind]

    def _get(self, ids: Iterable[int]) -> list[metadata_store_pb2.Artifact]:
        found: list[metadata_store_pb2.Artifact] = self._store.get_artifacts_by_id(
            list(ids)
        )
        return found
