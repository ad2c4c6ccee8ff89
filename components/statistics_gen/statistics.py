"""Statistics of record batches, as TensorFlow Data Validation computes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from tensorflow_data_validation.statistics.generators.basic_stats_generator import (
    BasicStatsGenerator,
)

from components.shared.shards import by_shard
from components.shared.statistics import Statistics
from components.statistics_gen.batches import read_batches
from components.statistics_gen.values import ValueCounts


class Accumulated(NamedTuple):
    """What statistics need to know of some rows; it can be pickled.

    Attributes:
      basic: The accumulator of TFDV's generator.
      counts: By column of texts, the distinct values and the count of each.
    """

    basic: Any
    counts: dict[str, pa.Table]


def accumulate_files(files: Sequence[str]) -> Iterator[Accumulated]:
    """Yields what the rows of each file accumulate to."""
    return map(accumulate, by_shard(read_batches(files), len(files)))


def accumulate(batches: Iterable[pa.RecordBatch]) -> Accumulated:
    """Accumulates rows.

    Args:
      batches: Columns are lists; the more rows in a batch, the less a row costs.
    """
    generator = BasicStatsGenerator()
    basic = generator.create_accumulator()
    # TFDV counts values either roughly or in Beam.
    counts: dict[str, ValueCounts] = defaultdict(ValueCounts)
    for batch in batches:
        basic = generator.add_input(basic, batch)
        for name, values in _texts(batch):
            counts[name].add(values)
    return Accumulated(basic, {name: each.table() for name, each in counts.items()})


def statistics_of(accumulated: Iterable[Accumulated]) -> Statistics:
    """Computes what `tfdv.GenerateStatistics` does by default, without Beam.

    Counts, moments and values are exact; quantiles and histograms are within 1% in
    rank, as TFDV's are.

    Args:
      accumulated: What the rows of each file accumulate to, which is used up. Of the
        same, in the same order, the statistics are the same to the last digit.
    """
    generator = BasicStatsGenerator()
    basic = generator.create_accumulator()
    counts: dict[str, ValueCounts] = defaultdict(ValueCounts)
    for each in accumulated:
        basic = generator.merge_accumulators([basic, each.basic])
        for name, table in each.counts.items():
            counts[name].add_counts(table)
    statistics = generator.extract_output(generator.compact(basic))
    for feature in statistics.features:
        (name,) = feature.path.step
        if name in counts:
            feature.string_stats.MergeFrom(counts[name].string_stats())
    return Statistics(datasets=[statistics])


def _texts(batch: pa.RecordBatch) -> Iterator[tuple[str, pa.Array]]:
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        # Nulls, where no example has a value.
        if not pa.types.is_null(column.type):
            values = column.flatten()
            if pa.types.is_large_binary(values.type):
                yield name, values
