"""Files of a feature's embedding vectors, which travel with the model.

A file is Parquet with the columns `term` (string) and `vector` (list of float32), in
the order of the vocabulary: the most frequent term first. It is read by `ctr neighbors`
and can be named in `training.warm_start.vectors`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from config.names import tensor_name
from config.values.canonical_text import text_of_term

# In a SavedModel, where a release copies it and TensorFlow Serving leaves it alone.
EMBEDDINGS_DIR = os.path.join("assets.extra", "embeddings")


@dataclass(frozen=True)
class Embeddings:
    """The vectors of a feature's terms.

    Attributes:
      terms: The terms.
      vectors: float32 [terms, size].
    """

    terms: list[str]
    vectors: npt.NDArray[np.float32]


def embeddings_file(saved_model: str, feature: str) -> str:
    """Returns the path of the file with the vectors of a feature."""
    name = f"{tensor_name(feature)}.parquet"
    return os.path.join(saved_model, EMBEDDINGS_DIR, name)


def embedded_features(saved_model: str, features: Iterable[str]) -> list[str]:
    """Returns those features whose vectors were exported with a model."""
    return sorted(
        feature
        for feature in features
        if os.path.exists(embeddings_file(saved_model, feature))
    )


def to_parquet(terms: Sequence[bytes], vectors: npt.NDArray[np.float32]) -> bytes:
    """The content of a file of the terms of a vocabulary: float32 [terms, size]."""
    texts = [text_of_term(term) for term in terms]
    numbers = pa.array(vectors.reshape(-1), pa.float32())
    lists = pa.FixedSizeListArray.from_arrays(numbers, vectors.shape[1])
    sink = pa.BufferOutputStream()
    table = pa.table({"term": pa.array(texts, pa.string()), "vector": lists})
    pq.write_table(table, sink)
    content: bytes = sink.getvalue().to_pybytes()
    return content


def read_embeddings(path: str) -> Embeddings:
    """Reads a file on this machine."""
    table = pq.read_table(path, columns=["term", "vector"])
    numbers = table["vector"].combine_chunks().flatten().to_numpy()
    return Embeddings(
        terms=table["term"].to_pylist(),
        vectors=numbers.reshape(table.num_rows, -1),
    )
