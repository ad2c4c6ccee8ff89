"""Crosses of features of all kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from config.features import Categorical, Cross, Hashed, Numeric

# So many that the few combinations here do not meet in one.
MANY = 1_000_000
ROWS = [
    {"city": "a", "user": "u", "age": 10.0, "tags": ["x", "y"], "words": "p|q|r"},
    {"city": "a", "user": "u", "age": 19.0, "tags": ["y"], "words": "p"},
    {"city": "a", "user": "v", "age": 20.0, "tags": [], "words": "p"},
    {"user": "u", "tags": ["x"], "words": "q"},
    {"city": "a", "age": 20.0, "tags": ["x", "y"]},
    {},
]


@pytest.fixture(scope="module")
def analysis(analyze: Callable[..., Any]) -> Any:
    features = {
        "city": Categorical(),
        "user": Hashed(buckets=2),
        "age": Numeric(boundaries=[20]),
        "tags": Categorical(multivalued=True),
        "words": Hashed(buckets=5, delimiter="|"),
    }
    crosses = [
        Cross(features=("city", "user"), buckets=MANY),
        Cross(features=("city", "age"), buckets=MANY),
        Cross(features=("city", "tags"), buckets=MANY),
        Cross(features=("tags", "words"), buckets=MANY),
        Cross(features=("user", "city"), buckets=2),
    ]
    return analyze(features, ROWS, crosses)


def test_equal_combinations_have_equal_ids_and_others_have_others(analysis: Any):
    ids = analysis.column("city_x_user")
    assert ids[0] == ids[1]
    # a+u, a+v, nothing+u, a+nothing, nothing+nothing.
    assert len(set(ids)) == 5
    assert all(1 <= one <= MANY for one in ids)


def test_hashed_feature_takes_part_by_its_value_not_by_its_id(analysis: Any):
    served = analysis.serve([{"city": "a", "user": f"user {n}"} for n in range(20)])
    assert len(set(served["city_x_user"])) == 20
    assert set(served["user_x_city"]) == {1, 2}


def test_numeric_feature_takes_part_by_its_bucket(analysis: Any):
    ids = analysis.column("city_x_age")
    assert ids[0] == ids[1]  # 10 and 19 are both below 20
    assert ids[2] == ids[4]
    assert len(set(ids)) == 3  # a+below, a+above, nothing+missing


def test_multivalued_cross_is_the_cartesian_product(analysis: Any):
    ids = analysis.column("tags_x_words")
    assert [len(set(row)) for row in ids] == [6, 1, 0, 1, 0, 0]
    y_p, x_q = ids[1][0], ids[3][0]
    assert {y_p, x_q} < set(ids[0])


def test_missing_value_takes_part_in_a_multivalued_cross(analysis: Any):
    ids = analysis.column("city_x_tags")
    assert [len(row) for row in ids] == [2, 1, 0, 1, 2, 0]
    assert set(ids[0]) == set(ids[4])
    assert ids[1][0] in ids[0]
    assert ids[3][0] not in ids[0]


def test_serving_repeats_training(analysis: Any):
    served = analysis.serve(ROWS)
    for name in ("city_x_user", "city_x_age", "city_x_tags", "tags_x_words"):
        assert served[name] == analysis.column(name)
