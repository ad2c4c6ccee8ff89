"""Statistics of what servers were asked."""

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

from components.example_gen.readers import read_records
from components.shared.statistics import STATISTICS_FILE, Statistics
from config.errors import InputError
from ctr.skew.requests import RawColumns, Requests

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
