"""Item to item: the terms whose embedding vectors are nearest."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from config.embeddings import (
    Embeddings,
    embedded_features,
    embeddings_file,
    read_embeddings,
)
from config.errors import InputError, close_to
from config.root import Config
from config.values.canonical_text import canonical_text
from ctr.neighbors.answers import Neighbor, Similar

Floats: TypeAlias = npt.NDArray[np.float32]

# Number of vectors, at least, over which the similarity by chance is averaged.
_SAMPLE = 50


def find_similar(
    config: Config, model: Path, feature: str, value: str, top: int
) -> Similar:
    """Finds the nearest terms to one.

    Args:
      model: A SavedModel.
      feature: A feature with exported vectors.
      value: One of its terms.
      top: Maximum number of terms.

    Raises:
      InputError: There are no vectors of the feature, or the term is unknown.
    """
    embeddings = _read(config, model, feature)
    value = _canonical(value)
    row = _row(embeddings, feature, value)
    rows, similarities = nearest(unit_vectors(embeddings.vectors), row, top)
    return Similar(
        feature=feature,
        value=value,
        model=str(model),
        terms=len(embeddings.terms),
        neighbors=[
            Neighbor(embeddings.terms[near], float(similarity))
            for near, similarity in zip(rows, similarities, strict=True)
        ],
        by_chance=similarity_by_chance(*embeddings.vectors.shape),
    )


def nearest(units: Floats, row: int, top: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """The nearest vectors to one of them by cosine similarity.

    Args:
      units: Vectors of length 1, float32 [rows, size].
      row: The one, which is not found itself.
      top: Maximum number of vectors.

    Returns:
      The rows of the nearest, the nearest first, and their similarities.
    """
    similarities = units @ units[row]
    similarities[row] = -np.inf
    top = min(top, len(units) - 1)
    rows = np.argpartition(-similarities, top - 1)[:top]
    rows = rows[np.argsort(-similarities[rows], kind="stable")]
    return rows, similarities[rows]


def unit_vectors(vectors: Floats) -> Floats:
    """Scales vectors to length 1, but for zeros, which have no direction."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    units: Floats = vectors / np.where(lengths > 0, lengths, 1)
    return units


def similarity_by_chance(rows: int, size: int) -> float:
    """Returns the mean similarity of a random vector to its nearest one.

    Vectors that training hardly moved have neighbours that are no nearer than that.
    """
    random = np.random.default_rng(0)
    found = []
    for _ in range(math.ceil(_SAMPLE / rows)):
        units = unit_vectors(random.standard_normal((rows, size), dtype=np.float32))
        queries = range(min(_SAMPLE, rows))
        found.append(np.mean([nearest(units, row, 1)[1] for row in queries]))
    return float(np.mean(found))


def _read(config: Config, model: Path, feature: str) -> Embeddings:
    exported = embedded_features(str(model), {feature, *config.features})
    if feature in exported:
        return read_embeddings(embeddings_file(str(model), feature))
    where = f"--feature {feature}"
    if feature not in config.features:
        close = close_to(feature, config.features)
        raise InputError(f"{where}: there is no such feature{close}")
    kind = config.features[feature].kind
    if kind != "categorical":
        raise InputError(
            f"{where}: it is {kind}; only categorical features have an embedding for "
            "each term"
        )
    found = f"only those of {', '.join(exported)}" if exported else "none at all"
    raise InputError(
        f"{where}: the model in {model} has no vectors of it, {found}; release one "
        f"with {feature} in training.export_embeddings, and of a kind that has "
        "embeddings"
    )


def _canonical(value: str) -> str:
    try:
        return canonical_text(value) or ""
    except InputError as error:
        raise InputError(f"--value {value}: {error}") from error


def _row(embeddings: Embeddings, feature: str, value: str) -> int:
    terms = embeddings.terms
    if value not in terms:
        raise InputError(
            f"--value {value}: {feature} has no such term in the model's vocabulary "
            f"of {len(terms):,}{close_to(value, terms)}"
        )
    if len(terms) == 1:
        raise InputError(f"--value {value}: it is the only term of {feature}")
    return terms.index(value)
