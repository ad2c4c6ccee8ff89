"""Statistics of record batches, as TensorFlow Data Validation computes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

import pyarrow as pa
from tensorflow_data_validation.statistics.generators.basic_stats_generator import (
    BasicStatsGenerator,
)

from components.shared.statistics import Statistics
from components.statistics_gen.values import ValueCounts


def generate_statistics(batches: Iterable[pa.RecordBatch]) -> Statistics:
    """Computes what `tfdv.GenerateStatistics` does by default, without Beam.

    Counts, moments and values are exact; quantiles and histograms are within 1% in
    rank, as TFDV's are.

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
