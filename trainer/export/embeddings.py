"""Exports embedding vectors beside the model that they belong to."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

import keras
import tensorflow_transform as tft
from tfx.dsl.io import fileio

from config.columns import MISSING_ID
from config.embeddings import EMBEDDINGS_DIR, embeddings_file, to_parquet
from config.names import tensor_name

_log = logging.getLogger(__name__)


def export_embeddings(
    model: keras.Model,
    features: Sequence[str],
    transform: tft.TFTransformOutput,
    saved_model: str,
) -> None:
    """Adds a file of vectors for each of some features to a SavedModel.

    The rows of a missing value and of values outside the vocabulary stand for no term,
    so they are left out.

    Args:
      model: The trained model; one without embeddings adds nothing.
      features: Names of features with a vocabulary.
      transform: Holds the vocabularies.
      saved_model: The exported model.
    """
    layers = {layer.name: layer for layer in model.layers}
    first = MISSING_ID + 1
    for feature in features:
        layer = layers.get(f"deep.embedding.{tensor_name(feature)}")
        if layer is None:
            _log.warning("no vectors of %s: the model has no embeddings", feature)
            continue
        terms = transform.vocabulary_by_name(tensor_name(feature))
        table = keras.ops.convert_to_numpy(layer.table)
        content = to_parquet(terms, table[first : first + len(terms)])
        fileio.makedirs(os.path.join(saved_model, EMBEDDINGS_DIR))
        with fileio.open(embeddings_file(saved_model, feature), "wb") as file:
            file.write(content)
        _log.info("vectors of %s: %s terms", feature, f"{len(terms):,}")
