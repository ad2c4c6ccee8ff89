"""Finds the statistics of the examples that a model was trained on."""

from __future__ import annotations

from ml_metadata.metadata_store import metadata_store
from tfx.dsl.io import fileio
from tfx.types import standard_artifacts

from components.shared.lineage import Lineage
from components.shared.statistics import Statistics, read_statistics
from config.errors import InputError
from config.examples import TRAIN
from pipeline.metadata import Connection


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
    lineage = Lineage(metadata_store.MetadataStore(connection))
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
