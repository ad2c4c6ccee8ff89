"""Statistics of record batches beside those that TFDV computes in Beam."""

from __future__ import annotations

import pickle
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pytest
import tensorflow as tf
import tensorflow_data_validation as tfdv
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tensorflow_data_validation.statistics.stats_impl import (
    GenerateSlicedStatisticsImpl,
)
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx_bsl.coders.example_coder import ExamplesToRecordBatchDecoder

from components.shared.result_cache import ResultCache
from components.shared.statistics import Statistics
from components.statistics_gen import values as values_module
from components.statistics_gen.statistics import (
    accumulate,
    accumulate_files,
    statistics_of,
)
from components.statistics_gen.values import ValueCounts

from .comparison import flat

Row = dict[str, tf.train.Feature]
Batches = list[pa.RecordBatch]

INTEGERS = st.integers(-(2**63), 2**63 - 1)
SPECIAL = st.sampled_from([0.0, np.nan, np.inf, -np.inf])
# Of the two zeros, the smaller one is the first.
FLOATS = (st.floats(width=32) | SPECIAL).map(lambda value: value + 0.0)
TEXTS = st.text(max_size=3).map(str.encode) | st.binary(max_size=3)


def features(kind: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A feature without a kind, an empty list or a list."""
    message = {"int64_list": tf.train.Int64List, "float_list": tf.train.FloatList}
    made = message.get(kind, tf.train.BytesList)
    lists = st.lists(values, max_size=3).map(
        lambda value: tf.train.Feature(**{kind: made(value=value)})
    )
    return st.just(tf.train.Feature()) | lists


KINDS = {
    "integer": features("int64_list", INTEGERS),
    "float": features("float_list", FLOATS),
    "text": features("bytes_list", TEXTS),
    "few": features("bytes_list", st.sampled_from([b"a", b"\xff"])),
    "nothing": st.just(tf.train.Feature()),
}
# A feature may be absent from a row, a batch or all.
ROWS = st.fixed_dictionaries({}, optional=KINDS)
BATCHES = st.lists(
    st.lists(ROWS, min_size=1, max_size=9),
    min_size=1,
    max_size=3,
)


def decode(rows: Sequence[Row]) -> pa.RecordBatch:
    return ExamplesToRecordBatchDecoder().DecodeBatch([*map(serialized, rows)])


def serialized(row: Row) -> bytes:
    features = tf.train.Features(feature=row)
    return tf.train.Example(features=features).SerializeToString()


def generate_statistics(batches: Batches) -> Statistics:
    """The statistics of batches of one file."""
    return statistics_of([accumulate(batches)])


def in_beam(datasets: Sequence[Batches]) -> list[Statistics]:
    """Statistics of each data set, all from one pipeline."""
    keyed = [
        (str(number), batch)
        for number, batches in enumerate(datasets)
        for batch in batches
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder, "statistics"))
        with beam.Pipeline("DirectRunner") as pipeline:
            _ = (
                pipeline
                | beam.Create(keyed)
                | GenerateSlicedStatisticsImpl(is_slicing_enabled=True)
                | tfdv.WriteStatisticsToBinaryFile(path)
            )
        found = {each.name: each for each in tfdv.load_stats_binary(path).datasets}
    for each in found.values():
        each.name = ""
    return [
        Statistics(datasets=[found[str(number)]]) for number in range(len(datasets))
    ]


@given(st.lists(BATCHES, min_size=20, max_size=30))
# Each example is a pipeline; a failing one need not be the smallest.
@settings(max_examples=3, phases=[Phase.explicit, Phase.generate])
def test_small_data_sets_have_the_statistics_of_tfdv(drawn: list[list[list[Row]]]):
    datasets = [[decode(rows) for rows in batches] for batches in drawn]
    for batches, expected in zip(datasets, in_beam(datasets), strict=True):
        in_one_file = generate_statistics(batches)
        in_files = statistics_of(accumulate([batch]) for batch in batches)
        for computed in (in_one_file, in_files):
            assert flat(computed) == pytest.approx(flat(expected))


@given(st.lists(st.tuples(st.booleans(), st.lists(ROWS, max_size=9)), max_size=6))
@settings(max_examples=25)
def test_results_of_earlier_runs_change_no_byte(
    write_records: Callable[[Path, Sequence[bytes]], None],
    drawn: list[tuple[bool, list[Row]]],
):
    """Of some files the accumulators come from an earlier run, in another order."""
    with tempfile.TemporaryDirectory() as folder:
        files = [f"{folder}/{number}.gz" for number in range(len(drawn))]
        for file, (_, rows) in zip(files, drawn, strict=True):
            write_records(Path(file), [serialized(row) for row in rows])
        cache = ResultCache(f"{folder}/cache")

        def computed(files: Sequence[str], cache: ResultCache) -> bytes:
            accumulated = cache.of_files(files, ["1"], accumulate_files)
            return statistics_of(accumulated).SerializeToString(deterministic=True)

        known = [
            file for file, (is_known, _) in zip(files, drawn, strict=True) if is_known
        ]
        computed(known[::-1], cache)
        from_scratch = computed(files, ResultCache(None))
        assert computed(files, cache) == from_scratch
        assert computed(files, cache) == from_scratch


def test_no_example_is_a_data_set_without_features():
    empty = statistics_pb2.DatasetFeatureStatistics()
    assert generate_statistics([]) == Statistics(datasets=[empty])


def test_no_values_take_no_space():
    column = pa.array([[], None, []], pa.large_list(pa.large_binary()))
    accumulated = accumulate([pa.RecordBatch.from_pydict({"x": column})] * 2)
    assert len(pickle.dumps(accumulated)) < 10_000
    (feature,) = statistics_of([accumulated]).datasets[0].features
    assert feature.string_stats.unique == 0


SHAPES = {
    "normal": lambda random, rows: random.normal(size=rows),
    "heavy tail": lambda random, rows: random.pareto(1.5, size=rows),
    "falling": lambda random, rows: -np.arange(rows),
    "few values": lambda random, rows: random.integers(0, 7, size=rows),
}


@pytest.mark.parametrize("files", [1, 10])
@pytest.mark.parametrize("shape", SHAPES)
def test_quantiles_are_within_one_percent_in_rank(shape: str, files: int):
    rows, batch = 100_000, 10_000
    values = SHAPES[shape](np.random.default_rng(1), rows).astype(np.float32)
    columns = values.reshape(-1, batch, 1).tolist()
    kind = pa.large_list(pa.float32())
    batches = [
        pa.RecordBatch.from_pydict({"x": pa.array(column, kind)}) for column in columns
    ]

    size = len(batches) // files
    of_files = [batches[n : n + size] for n in range(0, len(batches), size)]
    (feature,) = statistics_of(map(accumulate, of_files)).datasets[0].features
    numbers = feature.num_stats
    assert numbers.mean == pytest.approx(values.astype(float).mean(), abs=1e-9)
    assert numbers.std_dev == pytest.approx(values.astype(float).std())
    equal, quantiles = numbers.histograms
    found = {0.5: numbers.median}
    found |= {(i + 1) / 10: b.high_value for i, b in enumerate(quantiles.buckets)}
    for share, value in found.items():
        assert (
            np.mean(values < value) - 0.01 <= share <= np.mean(values <= value) + 0.01
        )
    counts, edges = np.histogram(values, 10)
    assert [b.high_value for b in equal.buckets] == pytest.approx(edges[1:])
    if shape != "few values":  # TFDV spreads a value over the buckets on both sides
        assert [b.sample_count for b in equal.buckets] == pytest.approx(
            counts, abs=0.02 * rows
        )


@given(
    st.lists(st.lists(st.sampled_from([b"", b"a", b"b", b"\xff", b"c"]), max_size=9)),
    st.integers(1, 9),
)
def test_counts_are_exact_however_often_they_are_summed_up(drawn, fewest):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(values_module, "_FEWEST", fewest)
        counts = ValueCounts()
        for part in [[], *drawn]:
            counts.add(pa.array(part, pa.large_binary()))
        found = counts.string_stats()
    expected = Counter(value for part in drawn for value in part)
    falling = sorted(
        expected.items(), key=lambda item: (item[1], item[0]), reverse=True
    )
    assert found.unique == len(expected)
    assert [(b.label, b.sample_count) for b in found.rank_histogram.buckets] == [
        (value.decode(errors="ignore") or "__BYTES_VALUE__", count)
        if value
        else ("", count)
        for value, count in falling
    ]
