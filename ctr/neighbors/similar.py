"""Item to item: the terms whose embedding vectors are nearest."""

from __future__ import annotations

from pathlib import Path

import numpy as np

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
from ctr.neighbors.search import Search, similarity_by_chance


def find_similar(
    config: Config, model: Path, feature: str, value: str, top: int
) -> Similar:
    """Finds the nearest terms to one.

    Args:
      config: Names the features.
      model: A SavedModel with exported vectors.
      feature: A feature with exported vectors.
      value: One of its terms.
      top: Maximum number of terms.

    Raises:
      InputError: There are no vectors of the feature, or the term is unknown.
    """
    embeddings = _read(config, model, feature)
    value = _canonical(value)
    row = _row(embeddings, feature, value)
    found = Search(embeddings.vectors).nearest(np.array([row]), top)
    neighbors = [
        Neighbor(embeddings.terms[near], float(similarity))
        for near, similarity in zip(found.rows[0], found.similarities[0], strict=True)
    ]
    by_chance = similarity_by_chance(*embeddings.vectors.shape)
    terms = len(embeddings.terms)
    return Similar(feature, value, str(model), terms, neighbors, by_chance)


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
