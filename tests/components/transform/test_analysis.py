"""What analyzers find, and what is not known to the local Transform."""

from __future__ import annotations

import pickle
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.shared.result_cache import ResultCache
from components.transform.accumulators import TermCounts
from components.transform.analysis import Analysis

SPEC = {
    "number": tf.io.FixedLenFeature([], tf.float32),
    "text": tf.io.FixedLenFeature([], tf.string),
}


def found(
    analyzer: Callable[[Mapping[str, Any]], Any], numbers: Any, folder: Path
) -> np.ndarray:
    """The value of the only analyzer."""
    path = str(folder / "examples.gz")
    with tf.io.TFRecordWriter(path, "GZIP") as writer:
        for number in numbers:
            writer.write(_example(number))
    analysis = Analysis(lambda raw: {"found": analyzer(raw)}, dict(SPEC), str(folder))
    values = analysis.results(analysis.accumulate_files([path]))
    (value,) = values.values()
    return value.numpy()


def _example(number: float, text: bytes = b"a") -> bytes:
    feature = {
        "number": tf.train.Feature(float_list=tf.train.FloatList(value=[number])),
        "text": tf.train.Feature(bytes_list=tf.train.BytesList(value=[text])),
    }
    features = tf.train.Features(feature=feature)
    return tf.train.Example(features=features).SerializeToString()


def test_quantiles_have_the_rank_error_that_was_asked_for(tmp_path: Path):
    numbers = np.random.default_rng(0).lognormal(size=30_000).astype(np.float32)
    epsilon = 0.001
    quantiles = found(
        lambda raw: tft.quantiles(raw["number"], num_buckets=20, epsilon=epsilon),
        numbers,
        tmp_path,
    )
    ranks = np.searchsorted(np.sort(numbers), quantiles[0]) / len(numbers)
    assert np.abs(ranks - np.arange(1, 20) / 20).max() <= epsilon


@pytest.mark.parametrize(
    ("analyzer", "named"),
    [
        (
            lambda raw: tft.vocabulary(raw["text"], weights=raw["number"]),
            "VocabularyAccumulate",
        ),
        (
            lambda raw: tft.vocabulary(raw["text"], store_frequency=True),
            "VocabularyOrderAndWrite",
        ),
        (
            lambda raw: tft.vocabulary(raw["text"], reserved_tokens=["a"]),
            "VocabularyOrderAndWrite",
        ),
        (
            lambda raw: tft.count_per_key(raw["text"])[1],
            "CacheableCombinePerKey",
        ),
        (
            lambda raw: tft.mean(raw["number"] - tft.mean(raw["number"])),
            "mean_1#",
        ),
    ],
)
def test_an_analyzer_that_is_not_known_is_named(
    analyzer: Any, named: str, tmp_path: Path
):
    with pytest.raises(NotImplementedError, match=named):
        found(analyzer, [1.0], tmp_path)


ANALYZERS = {
    "moments": lambda raw: tft.mean(raw["number"]) + tft.var(raw["number"]),
    "extremes": lambda raw: tft.max(raw["number"]) - tft.min(raw["number"]),
    "quantiles": lambda raw: tft.quantiles(raw["number"], 1000, epsilon=0.00025),
    "terms": lambda raw: tft.vocabulary(raw["text"], vocab_filename="terms"),
    "top": lambda raw: tft.vocabulary(
        raw["text"], top_k=2, frequency_threshold=2, vocab_filename="top"
    ),
}


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> tuple[Analysis, Path]:
    """All kinds of analyzers, and the folder of the vocabularies."""
    folder = tmp_path_factory.mktemp("vocabularies")

    def preprocess(raw: Mapping[str, Any]) -> Mapping[str, Any]:
        return {name: analyzer(raw) for name, analyzer in ANALYZERS.items()}

    return Analysis(preprocess, dict(SPEC), str(folder)), folder


EXAMPLES = st.builds(
    _example,
    st.floats(width=32, allow_nan=False, allow_infinity=False),
    st.sampled_from([b"a", b"b", b"", b"\xff"]) | st.binary(max_size=2),
)


@given(st.lists(st.tuples(st.booleans(), st.lists(EXAMPLES, max_size=9)), max_size=6))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_results_of_earlier_runs_change_no_byte(
    analysis: tuple[Analysis, Path],
    tmp_path_factory: pytest.TempPathFactory,
    write_records: Callable[[Path, Sequence[bytes]], None],
    drawn: list[tuple[bool, list[bytes]]],
):
    """Of some files the accumulators come from an earlier run, in another order."""
    analyzers, vocabularies = analysis
    folder = tmp_path_factory.mktemp("files")
    files = [str(folder / f"{number}.gz") for number in range(len(drawn))]
    for file, (_, records) in zip(files, drawn, strict=True):
        write_records(Path(file), records)
    cache = ResultCache(str(folder / "cache"))

    def analyzed(files: Sequence[str], cache: ResultCache) -> dict[str, bytes]:
        accumulated = cache.of_files(files, ["1"], analyzers.accumulate_files)
        values = analyzers.results(accumulated)
        assets = {name: (vocabularies / name).read_bytes() for name in ("terms", "top")}
        return assets | {
            name: value.numpy().tobytes()
            for name, value in values.items()
            if value.dtype != tf.string
        }

    known = [file for file, (is_known, _) in zip(files, drawn, strict=True) if is_known]
    analyzed(known[::-1], cache)
    from_scratch = analyzed(files, ResultCache(None))
    assert analyzed(files, cache) == from_scratch
    assert analyzed(files, cache) == from_scratch


@given(st.lists(st.lists(st.binary(max_size=2), max_size=9), max_size=9))
def test_terms_are_counted_over_all_batches(batches: list[list[bytes]]):
    counts = TermCounts()
    for batch in batches:
        terms, numbers = np.unique(np.array(batch, object), return_counts=True)
        counts.add(terms, numbers)
    expected = Counter(term for batch in batches for term in batch)
    in_order = sorted(expected.items(), key=lambda each: each[::-1], reverse=True)
    result = counts.result()
    assert list(zip(*result.to_pydict().values(), strict=True)) == in_order


def test_no_terms_take_no_space():
    counts = TermCounts()
    for _ in range(3):
        counts.add(np.array([], object), np.array([], np.int64))
        counts.merge(TermCounts().state())
    assert len(pickle.dumps(counts.state())) < 10_000
    assert counts.result().num_rows == 0


def test_terms_of_large_columns_are_counted_as_they_come(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("components.transform.accumulators._UNCOUNTED", 3)
    counts = TermCounts()
    for _ in range(5):
        counts.add(np.array([b"a", b"b"], object), np.array([2, 1]))
    assert counts.result().to_pydict() == {"term": [b"a", b"b"], "count": [10, 5]}
