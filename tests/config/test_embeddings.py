"""Files of vectors: what is written is what is read."""

from __future__ import annotations

import numpy as np
import pyarrow.parquet as pq
import pytest

from config.embeddings import (
    EMBEDDINGS_DIR,
    embedded_features,
    embeddings_file,
    read_embeddings,
    to_parquet,
)

VECTORS = np.array([[0.5, -1.0], [2.0, 0.0], [0.25, 8.0]], np.float32)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "ad.parquet"
    path.write_bytes(to_parquet([b"a", "ü b".encode(), b"\x80"], VECTORS))
    return str(path)


def test_terms_and_vectors_come_back_in_order(file):
    embeddings = read_embeddings(file)

    assert embeddings.terms == ["a", "ü b", r"\x80"]
    assert embeddings.vectors.dtype == np.float32
    np.testing.assert_array_equal(embeddings.vectors, VECTORS)


def test_other_readers_of_parquet_see_text_and_lists(file):
    rows = pq.read_table(file).to_pylist()

    assert rows[0] == {"term": "a", "vector": [0.5, -1.0]}


@pytest.mark.parametrize("features", [("user", "ad"), ("a/b", "../up", "城市")])
def test_the_features_of_a_model_are_its_files(tmp_path, features):
    wanted = {*features, "other", "a"}
    assert embedded_features(str(tmp_path), wanted) == []

    for feature in features:
        path = tmp_path / embeddings_file("", feature)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    assert embedded_features(str(tmp_path), wanted) == sorted(features)
    folder = tmp_path / EMBEDDINGS_DIR
    assert len(list(folder.iterdir())) == len(features)
