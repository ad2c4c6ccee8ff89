"""Item to item, by exported vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from config.embeddings import embeddings_file, to_parquet
from config.errors import InputError
from ctr.neighbors.similar import (
    find_similar,
    nearest,
    similarity_by_chance,
    unit_vectors,
)

# East, far east, north, west, nowhere.
VECTORS = np.array([[1, 0], [5, 0.5], [0, 2], [-3, 0], [0, 0]], np.float32)


@pytest.fixture
def model(model_dir):
    return model_dir / "10"


@pytest.fixture(scope="module")
def many():
    return np.random.default_rng(1).normal(size=(3000, 8)).astype(np.float32)


def test_the_nearest_have_the_smallest_angles():
    rows, similarities = nearest(unit_vectors(VECTORS), 0, top=4)

    assert rows[0] == 1
    assert set(rows[1:3]) == {2, 4}
    assert rows[3] == 3
    cosine = 5 / np.hypot(5, 0.5)
    np.testing.assert_allclose(similarities, [cosine, 0, 0, -1], atol=1e-6)


def test_more_than_there_are_gives_all_others():
    rows, _ = nearest(unit_vectors(VECTORS), 3, top=100)
    assert sorted(rows) == [0, 1, 2, 4]


def test_search_agrees_with_comparing_one_by_one(many):
    units = unit_vectors(many)
    for query in range(5):
        cosines = [float(unit @ units[query]) for unit in units]
        wanted = sorted(range(len(units)), key=lambda row: -cosines[row])
        rows, _ = nearest(units, query, top=3)
        assert rows.tolist() == [row for row in wanted if row != query][:3]


def test_random_vectors_are_as_similar_as_chance_has_it(many):
    units = unit_vectors(many)
    expected = np.mean([nearest(units, row, 1)[1] for row in range(1000)])

    assert similarity_by_chance(*many.shape) == pytest.approx(expected, abs=0.02)
    assert similarity_by_chance(30, 8) < similarity_by_chance(3000, 8)


def test_neighbours_are_the_terms_with_the_nearest_vectors(config, model):
    similar = find_similar(config, model, "ad_id", "a1", top=2)

    assert [neighbor.value for neighbor in similar.neighbors] == ["a2", "b1"]
    assert similar.neighbors[0].similarity == pytest.approx(4 / 17**0.5)
    assert similar.neighbors[1].similarity == pytest.approx(0)
    assert similar.terms == 4


@pytest.mark.parametrize("value", ["7", "7.0", "0.7E1"])
def test_a_number_is_asked_for_in_any_notation(config, model, value):
    vectors = np.eye(2, dtype=np.float32)
    path = Path(embeddings_file(str(model), "ad_id"))
    path.write_bytes(to_parquet([b"7", b"8"], vectors))
    assert find_similar(config, model, "ad_id", value, top=1).value == "7"


@pytest.mark.parametrize(
    ("feature", "value", "message"),
    [
        ("ad_id", "a11", "--value a11: .* vocabulary of 4; did you mean 'a1'"),
        ("ad_id", "1.0E20", "--value 1.0E20: "),
        ("ad_id", "zzzz", "--value zzzz: .* vocabulary of 4$"),
        ("adid", "a1", "--feature adid: .* no such feature; did you mean 'ad_id'"),
        ("user_id", "u1", "no vectors of it, only those of ad_id; .* with user_id in"),
        ("price", "1", "--feature price: it is numeric; only categorical"),
        ("site", "x", "--feature site: it is hashed; only categorical"),
    ],
)
def test_what_is_unknown_is_told_with_what_is_like_it(
    config, model, feature, value, message
):
    with pytest.raises(InputError, match=message):
        find_similar(config, model, feature, value, top=2)


def test_a_model_without_vectors_is_told(config, model_dir):
    with pytest.raises(InputError, match="no vectors of it, none at all; release one"):
        find_similar(config, model_dir / "9", "ad_id", "a1", 2)
