"""Counts of distinct values."""

from __future__ import annotations

import pyarrow as pa
import tensorflow_data_validation as tfdv
from tensorflow_data_validation.utils.top_k_uniques_stats_util import (
    FeatureValueCount,
    make_feature_stats_proto_topk_uniques,
)
from tensorflow_metadata.proto.v0 import statistics_pb2

# Counts are summed up when there are twice as many as distinct values, and this many.
_FEWEST = 100_000


class ValueCounts:
    """Exact counts of distinct values; memory grows with their number."""

    def __init__(self) -> None:
        self._parts: list[pa.Table] = []
        self._rows = 0
        self._most = _FEWEST

    def add(self, values: pa.Array) -> None:
        """Counts further values."""
        self.add_counts(pa.table(values.value_counts().flatten(), ["value", "count"]))

    def add_counts(self, counts: pa.Table) -> None:
        """Adds counts of distinct values, such as those of other rows."""
        self._parts.append(counts)
        self._rows += counts.num_rows
        if self._rows > self._most:
            self._sum_up()
            self._most = max(_FEWEST, 2 * self._rows)

    def table(self) -> pa.Table:
        """The distinct values, and the count of each; there was at least one `add`."""
        self._sum_up()
        (counts,) = self._parts
        return counts

    def string_stats(self) -> statistics_pb2.StringStatistics:
        """Counts of the most frequent values, and the number of distinct ones."""
        counts = self.table()
        options = tfdv.StatsOptions()
        most = options.num_rank_histogram_buckets
        falling = counts.sort_by([("count", "descending"), ("value", "descending")])
        top = falling.slice(0, most).to_pylist()
        return make_feature_stats_proto_topk_uniques(
            tfdv.FeaturePath([]),
            options.num_top_values,
            most,
            counts.num_rows,
            [FeatureValueCount(each["value"], each["count"]) for each in top],
        ).string_stats

    def _sum_up(self) -> None:
        total = pa.concat_tables(self._parts)
        # Of no rows, Arrow 10 makes groups in a buffer of any size, even gigabytes.
        if total.num_rows:
            summed = total.group_by("value").aggregate([("count", "sum")])
            total = pa.table([summed["value"], summed["count_sum"]], ["value", "count"])
        self._parts, self._rows = [total], total.num_rows
