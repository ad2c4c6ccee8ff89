"""Nearest vectors, on vectors whose angles one can see."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from config.errors import InputError
from ctr.neighbors.search import (
    ApproximateSearch,
    ExactSearch,
    Found,
    measure_recall,
    similarity_by_chance,
)

# East, far east, north, west, nowhere.
VECTORS = np.array([[1, 0], [5, 0.5], [0, 2], [-3, 0], [0, 0]], np.float32)


@pytest.fixture(scope="module")
def many():
    return np.random.default_rng(1).normal(size=(3000, 8)).astype(np.float32)


@pytest.mark.parametrize("search", [ExactSearch, ApproximateSearch])
def test_the_nearest_have_the_smallest_angles(search):
    found = search(VECTORS).nearest(np.array([0, 2]), top=4)

    assert found.rows[0, 0] == 1
    assert set(found.rows[0, 1:3]) == {2, 4}
    assert found.rows[0, 3] == 3
    cosine = 5 / np.hypot(5, 0.5)
    np.testing.assert_allclose(found.similarities[0], [cosine, 0, 0, -1], atol=1e-6)
    assert found.rows[1, 0] == 1


@pytest.mark.parametrize("search", [ExactSearch, ApproximateSearch])
def test_a_vector_is_no_neighbour_of_itself(search, many):
    queries = np.arange(0, 3000, 7)
    found = search(many).nearest(queries, top=5)

    assert found.rows.shape == (len(queries), 5)
    assert not (found.rows == queries[:, np.newaxis]).any()


@pytest.mark.parametrize("search", [ExactSearch, ApproximateSearch])
def test_more_than_there_are_gives_all_others(search):
    found = search(VECTORS).nearest(np.array([3]), top=100)

    assert sorted(found.rows[0]) == [0, 1, 2, 4]


def test_exact_search_agrees_with_comparing_one_by_one(many, monkeypatch):
    # Two queries at a time.
    monkeypatch.setattr("ctr.neighbors.search._BLOCK", 2 * len(many))
    found = ExactSearch(many).nearest(np.arange(5), top=3)

    units = many / np.linalg.norm(many, axis=1, keepdims=True)
    for query, rows in enumerate(found.rows):
        cosines = [float(unit @ units[query]) for unit in units]
        wanted = sorted(range(len(units)), key=lambda row: -cosines[row])
        assert rows.tolist() == [row for row in wanted if row != query][:3]


def test_the_index_finds_nearly_all(many):
    exact, index = ExactSearch(many), ApproximateSearch(many)
    recall = measure_recall(exact, index, len(many), top=10)

    assert recall.recall > 0.97
    assert (recall.top, recall.queries) == (10, 200)


class Careless:
    """Finds the nearest of each query, and nothing else that is near."""

    def __init__(self, vectors):
        self._exact = ExactSearch(vectors)

    def nearest(self, queries, top):
        found = self._exact.nearest(queries, top)
        similarities = found.similarities.copy()
        similarities[:, 1:] = -1.0
        rows = found.rows.copy()
        rows[:, -1] = -1
        return Found(rows, similarities)


def test_recall_is_the_share_that_is_found(many):
    recall = measure_recall(ExactSearch(many), Careless(many), len(many), top=4)

    assert recall.recall == 0.25


def test_which_of_equally_near_vectors_is_found_is_no_matter():
    class Backwards(ExactSearch):
        """Numbers the vectors from the other end."""

        def nearest(self, queries, top):
            found = super().nearest(len(copies) - 1 - queries, top)
            return Found(len(copies) - 1 - found.rows, found.similarities)

    copies = np.ones((50, 3), np.float32)
    recall = measure_recall(ExactSearch(copies), Backwards(copies), 50, top=5)

    assert recall.recall == 1.0


def test_random_vectors_are_as_similar_as_chance_has_it(many):
    found = ExactSearch(many).nearest(np.arange(1000), top=1)
    expected = found.similarities.mean()

    assert similarity_by_chance(*many.shape) == pytest.approx(expected, abs=0.02)
    assert similarity_by_chance(30, 8) < similarity_by_chance(3000, 8)


def test_without_faiss_one_is_told_what_to_do(monkeypatch):
    monkeypatch.setitem(sys.modules, "faiss", None)

    with pytest.raises(InputError, match="pip install faiss-cpu"):
        ApproximateSearch(VECTORS)
