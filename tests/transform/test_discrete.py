"""Categorical and hashed features: which id each string gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from config.features import Categorical, Hashed

# b four times, a three times, c twice, d once; missing as an absent and an empty value.
BREAKS = ["a\nb", "a\nb", "a\rb", "a b", "\n", "ab", "7", "0"]
CITIES = ["b", "a", "b", "c", "b", "a", "b", "c", "a", "d", None, ""]
TAGS = [["x", "y"], ["x"], ["y", "x", "z"], [], ["", "x"], None]
WORDS = ["x|y", "x", "y|x||z", "", "|x|", None]


@pytest.fixture(scope="module")
def analysis(analyze: Callable[..., Any]) -> Any:
    features = {
        "city": Categorical(),
        "top": Categorical(top_k=2, oov_buckets=2),
        "frequent": Categorical(min_frequency=2),
        "never": Categorical(),
        "user": Hashed(buckets=3),
        "tags": Categorical(multivalued=True),
        "words": Categorical(delimiter="|"),
        "hashed_tags": Hashed(buckets=5, multivalued=True),
        "breaks": Categorical(),
    }
    rows = [
        {"city": city, "top": city, "frequent": city, "user": city} for city in CITIES
    ]
    for row, tags, words in zip(rows, TAGS, WORDS, strict=False):
        row |= {"tags": tags, "words": words, "hashed_tags": tags}
    for row, text in zip(rows, BREAKS, strict=False):
        row["breaks"] = text
    return analyze(features, rows)


def test_ids_count_from_the_most_frequent_string(analysis: Any):
    assert analysis.vocabulary("city") == ["b", "a", "c", "d"]
    ids = dict(zip(CITIES, analysis.column("city"), strict=True))
    assert ids == {"b": 1, "a": 2, "c": 3, "d": 4, None: 0, "": 0}


def test_top_k_sends_the_others_to_the_oov_buckets(analysis: Any):
    ids = dict(zip(CITIES, analysis.column("top"), strict=True))
    assert (ids["b"], ids["a"], ids[None], ids[""]) == (1, 2, 0, 0)
    assert {ids["c"], ids["d"]} <= {3, 4}


def test_min_frequency_sends_the_others_to_the_oov_bucket(analysis: Any):
    ids = dict(zip(CITIES, analysis.column("frequent"), strict=True))
    assert ids == {"b": 1, "a": 2, "c": 3, "d": 4, None: 0, "": 0}
    assert analysis.vocabulary("frequent") == ["b", "a", "c"]


def test_feature_without_any_value_is_missing_everywhere(analysis: Any):
    assert set(analysis.column("never")) == {0}


def test_oov_ids_use_all_buckets(analysis: Any):
    served = analysis.serve([{"top": f"unseen {n}"} for n in range(50)])
    assert set(served["top"]) == {3, 4}


def test_hashed_ids_are_1_to_buckets(analysis: Any):
    served = analysis.serve([{"user": f"user {n}"} for n in range(50)])
    assert set(served["user"]) == {1, 2, 3}


def test_hashed_missing_is_0_and_equal_strings_are_equal(analysis: Any):
    ids = analysis.column("user")
    assert ids[-2:] == [0, 0]
    assert 0 not in ids[:-2]
    assert ids[0] == ids[2] == ids[4]


@pytest.mark.parametrize("name", ["tags", "words"])
def test_lists_and_delimited_strings_give_ids_without_empty_ones(
    analysis: Any, name: str
):
    # x four times, y twice, z once.
    expected = [[1, 2], [1], [2, 1, 3], [], [1], []]
    assert analysis.column(name)[: len(expected)] == expected


def test_hashed_list_has_an_id_for_each_value(analysis: Any):
    ids = analysis.column("hashed_tags")
    assert [len(row) for row in ids[:6]] == [2, 1, 3, 0, 1, 0]
    assert ids[0][0] == ids[1][0] == ids[2][1] == ids[4][0]
    assert all(1 <= one <= 5 for row in ids for one in row)


def test_texts_with_line_breaks_have_ids_of_their_own(analysis: Any):
    ids = dict(zip(BREAKS, analysis.column("breaks"), strict=False))
    assert ids["a\nb"] == 1
    assert sorted(ids.values()) == list(range(1, 8))

    row = dict.fromkeys(["city", "top", "frequent", "never", "user", "words"], "x")
    served = analysis.serve([{**row, "breaks": text} for text in BREAKS])["breaks"]
    assert served == [ids[text] for text in BREAKS]


def test_a_client_may_send_whole_numbers_with_a_decimal_point(analysis: Any):
    ids = dict(zip(BREAKS, analysis.column("breaks"), strict=False))
    row = dict.fromkeys(["city", "top", "frequent", "never", "user", "words"], "x")
    texts = ["7.0", "7.000", "0.0", "07.0", "7.5"]
    served = analysis.serve([{**row, "breaks": text} for text in texts])["breaks"]

    assert served == [ids["7"], ids["7"], ids["0"], 8, 8]
