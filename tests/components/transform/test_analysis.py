"""What analyzers find, and what is not known to the local Transform."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
from hypothesis import given
from hypothesis import strategies as st

from components.transform.accumulators import TermCounts
from components.transform.analysis import analyze

SPEC = {
    "number": tf.io.FixedLenFeature([], tf.float32),
    "text": tf.io.FixedLenFeature([], tf.string),
}


def found(
    analyzer: Callable[[Mapping[str, Any]], Any], numbers: Any, folder: Path
) -> np.ndarray:
    """The value of the only analyzer."""
    examples = [_example(number) for number in numbers]
    records = tf.data.Dataset.from_tensor_slices(examples).batch(1000)
    values = analyze(
        lambda raw: {"found": analyzer(raw)}, dict(SPEC), records, str(folder)
    )
    (value,) = values.values()
    return value.numpy()


def _example(number: float) -> bytes:
    feature = {
        "number": tf.train.Feature(float_list=tf.train.FloatList(value=[number])),
        "text": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"a"])),
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


def test_terms_of_large_columns_are_counted_as_they_come(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("components.transform.accumulators._UNCOUNTED", 3)
    counts = TermCounts()
    for _ in range(5):
        counts.add(np.array([b"a", b"b"], object), np.array([2, 1]))
    assert counts.result().to_pydict() == {"term": [b"a", b"b"], "count": [10, 5]}
