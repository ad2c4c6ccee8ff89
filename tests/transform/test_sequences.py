"""Sequences: the ids of another feature, in time order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tensorflow as tf

from config.features import Categorical, Cross, Hashed, ItemSequence

FEATURES = {
    # Before the feature that they are like, and after it.
    "past": ItemSequence(like="ad", max_length=3),
    "ad": Categorical(oov_buckets=2),
    "seen": ItemSequence(like="site", delimiter="|", missing_values=("none",)),
    "site": Hashed(buckets=7),
    "latest": ItemSequence(like="ad", max_length=1),
}
# a three times, b twice, c once; d is only in histories.
ROWS = [
    {"ad": "a", "past": ["a", "b", "c", "b"], "site": "x", "seen": "y|x||x"},
    {"ad": "b", "past": ["c"], "site": "y", "seen": "|"},
    {"ad": "a", "past": [], "site": "z"},
    {"ad": "c", "past": ["", "b", "", "a", "", "c", ""], "site": "", "seen": "x"},
    {"ad": "b", "past": ["d", "e", "d"], "site": "x", "seen": "v"},
    {"ad": "a", "site": "x"},
]


@pytest.fixture(scope="module")
def analysis(analyze: Callable[..., Any]) -> Any:
    rows = [{**row, "latest": row.get("past")} for row in ROWS]
    crosses = [Cross(features=("latest", "site"), buckets=1000)]
    return analyze(FEATURES, rows, crosses)


def test_items_have_the_ids_of_the_feature_they_are_like(analysis: Any):
    assert analysis.vocabulary("ad") == ["a", "b", "c"]
    assert analysis.column("past")[1] == [3]
    x, y, *_ = analysis.column("site")
    assert analysis.column("seen")[0] == [y, x, x]


def test_the_last_items_are_kept_in_their_order(analysis: Any):
    assert analysis.column("past")[0] == [2, 3, 2]
    assert [ids[-1:] for ids in analysis.column("past")] == analysis.column("latest")


def test_empty_texts_are_no_items(analysis: Any):
    assert analysis.column("past")[3] == [2, 1, 3]
    assert analysis.column("seen")[1] == []


def test_a_history_without_items_is_empty(analysis: Any):
    assert analysis.column("past")[2] == analysis.column("past")[5] == []


def test_items_that_are_no_values_of_the_feature_are_out_of_vocabulary(analysis: Any):
    first, second, third = analysis.column("past")[4]
    assert first == third
    assert {first, second} <= {4, 5}


def test_a_cross_combines_the_items_that_are_kept(analysis: Any):
    lengths = [len(ids) for ids in analysis.column("latest_x_site")]
    assert lengths == [1, 1, 0, 1, 1, 0]


def test_serving_repeats_training(analysis: Any):
    rows = [{**row, "latest": row.get("past")} for row in ROWS]
    served = analysis.serve(rows)
    for name, column in served.items():
        assert column == analysis.column(name)


def test_padding_of_a_curated_schema_is_no_item(analyze: Callable[..., Any]):
    features = {"ad": Categorical(), "past": ItemSequence(like="ad", max_length=2)}
    rows = [
        {"ad": "a", "past": ["a", "b", "", ""]},
        {"ad": "b", "past": ["", "", "", "b"]},
        {"ad": "a", "past": ["", "", "", ""]},
    ]
    dense = {"past": tf.io.FixedLenFeature([4], tf.string)}

    assert analyze(features, rows, spec=dense).column("past") == [[1, 2], [2], []]
