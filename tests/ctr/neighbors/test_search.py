"""Nearest vectors by angle."""

from __future__ import annotations

import numpy as np
import pytest

from ctr.neighbors.search import Search, similarity_by_chance

# East, far east, north, west, nowhere.
VECTORS = np.array([[1, 0], [5, 0.5], [0, 2], [-3, 0], [0, 0]], np.float32)


@pytest.fixture(scope="module")
def many():
    return np.random.default_rng(1).normal(size=(3000, 8)).astype(np.float32)


def test_the_nearest_have_the_smallest_angles():
    found = Search(VECTORS).nearest(np.array([0, 2]), top=4)

    assert found.rows[0, 0] == 1
    assert set(found.rows[0, 1:3]) == {2, 4}
    assert found.rows[0, 3] == 3
    cosine = 5 / np.hypot(5, 0.5)
    np.testing.assert_allclose(found.similarities[0], [cosine, 0, 0, -1], atol=1e-6)
    assert found.rows[1, 0] == 1


def test_a_vector_is_no_neighbour_of_itself(many):
    queries = np.arange(0, 3000, 7)
    found = Search(many).nearest(queries, top=5)

    assert found.rows.shape == (len(queries), 5)
    assert not (found.rows == queries[:, np.newaxis]).any()


def test_more_than_there_are_gives_all_others():
    found = Search(VECTORS).nearest(np.array([3]), top=100)

    assert sorted(found.rows[0]) == [0, 1, 2, 4]


def test_search_agrees_with_comparing_one_by_one(many, monkeypatch):
    # Two queries at a time.
    monkeypatch.setattr("ctr.neighbors.search._BLOCK", 2 * len(many))
    found = Search(many).nearest(np.arange(5), top=3)

    units = many / np.linalg.norm(many, axis=1, keepdims=True)
    for query, rows in enumerate(found.rows):
        cosines = [float(unit @ units[query]) for unit in units]
        wanted = sorted(range(len(units)), key=lambda row: -cosines[row])
        assert rows.tolist() == [row for row in wanted if row != query][:3]


def test_random_vectors_are_as_similar_as_chance_has_it(many):
    found = Search(many).nearest(np.arange(1000), top=1)
    expected = found.similarities.mean()

    assert similarity_by_chance(*many.shape) == pytest.approx(expected, abs=0.02)
    assert similarity_by_chance(30, 8) < similarity_by_chance(3000, 8)
