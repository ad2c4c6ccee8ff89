"""Statistics of what a model was trained on, and of what servers were asked."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import apache_beam as beam
import tensorflow as tf
import tensorflow_data_validation as tfdv
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.transforms import combiners
from ml_metadata.metadata_store import metadata_store
from tfx.dsl.io import fileio
from tfx.types import standard_artifacts

from components.example_gen.readers import read_records
from components.shared.lineage import Lineage
from components.shared.statistics import STATISTICS_FILE, Statistics, read_statistics
from config.errors import InputError
from config.examples import TRAIN
from ctr.skew.requests import RawColumns, Requests
from pipeline.metadata import Connection

_UNKNOWN_FILE = "unknown.json"
# One can hold a thousand examples.
_ENTRIES = 256
# A client at play can think of any number of names.
_MOST_UNKNOWN = 50
_UNKNOWN = "unknown"


@dataclass(frozen=True)
class Served:
    """Logged requests.

    Attributes:
      logs: Number of log files.
      statistics: Statistics of the features that are looked at.
      unknown: Number of examples with each other feature, for the most frequent ones.
    """

    logs: int
    statistics: Statistics
    unknown: dict[str, int]

    @property
    def examples(self) -> int:
        """Number of examples."""
        count: int = self.statistics.datasets[0].num_examples
        return count


def training_statistics(connection: Connection, model_uri: str) -> Statistics:
    """The statistics of the training split behind a model.

    From the model to what it was trained on, from there to the examples that Transform
    made it of, and from them to their statistics.

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


def read_served(
    patterns: Sequence[str], columns: RawColumns, beam_args: list[str], temp: str
) -> Served:
    """Reads logs.

    Args:
      patterns: Files, globs or folders of TFRecords of PredictionLog.
      columns: The features to look at.
      beam_args: Options of Beam.
      temp: A folder for what is computed, which all workers of Beam can write to.

    Raises:
      InputError: There is no such file, one is no such log or cut short, or they hold
        no example.
    """
    paths = _paths(patterns)
    folder = os.path.join(temp, f"ctr-skew-{uuid.uuid4().hex}")
    tf.io.gfile.makedirs(folder)
    try:
        _compute(paths, columns, beam_args, folder)
        served = Served(
            len(paths),
            tfdv.load_stats_binary(os.path.join(folder, STATISTICS_FILE)),
            json.loads(_read(os.path.join(folder, _UNKNOWN_FILE))),
        )
    finally:
        tf.io.gfile.rmtree(folder)
    if not served.examples:
        raise InputError(
            f"{', '.join(patterns)}: no request was logged; raise "
            "serving.request_log.sampling_rate, or wait for requests"
        )
    return served


def _compute(
    paths: Sequence[str], columns: RawColumns, beam_args: list[str], folder: str
) -> None:
    """Writes the statistics, and the counts of what is unknown."""
    with beam.Pipeline(options=PipelineOptions(beam_args)) as pipeline:
        rows = (
            pipeline
            | "Logs" >> beam.Create(paths)
            | "OneWorkerALog" >> beam.Reshuffle()
            | "Rows"
            >> beam.ParDo(_ReadRows(columns)).with_outputs(_UNKNOWN, main="known")
        )
        _ = (
            rows["known"]
            | "Statistics" >> tfdv.GenerateStatistics(tfdv.StatsOptions())
            | "Write"
            >> tfdv.WriteStatisticsToBinaryFile(os.path.join(folder, STATISTICS_FILE))
        )
        _ = (
            rows[_UNKNOWN]
            | "Count" >> beam.CombinePerKey(sum)
            | "Most" >> combiners.Top.Of(_MOST_UNKNOWN, key=lambda each: each[::-1])
            | "AsJson" >> beam.Map(lambda counts: json.dumps(dict(counts)))
            | "WriteUnknown"
            >> beam.io.WriteToText(
                os.path.join(folder, _UNKNOWN_FILE), shard_name_template=""
            )
        )


def _paths(patterns: Sequence[str]) -> list[str]:
    found: set[str] = set()
    for pattern in patterns:
        files = os.path.join(pattern, "*") if tf.io.gfile.isdir(pattern) else pattern
        paths = tf.io.gfile.glob(files)
        if not paths:
            raise InputError(
                f"{files}: there is no such file; a server that has "
                "serving.request_log writes some"
            )
        found.update(paths)
    return sorted(found)


class _ReadRows(beam.DoFn):
    """Reads one log; yields record batches, and counts of unknown features."""

    def __init__(self, columns: RawColumns):
        self._columns = columns

    def setup(self) -> None:
        self._requests = Requests(self._columns)

    def process(self, path: str) -> Iterator[Any]:
        for records in read_records(path, _ENTRIES):
            try:
                for batch, examples in self._requests.batches(records):
                    yield batch
                    yield from self._unknown(examples)
            except InputError as error:
                raise InputError(f"{path}: {error}") from error

    def _unknown(self, examples: Sequence[bytes]) -> Iterator[Any]:
        for example in examples:
            features = tf.train.Example.FromString(example).features.feature
            for name in features.keys() - self._requests.names:
                yield beam.pvalue.TaggedOutput(_UNKNOWN, (name, 1))


def _read(path: str) -> str:
    with tf.io.gfile.GFile(path) as file:
        return file.read()
