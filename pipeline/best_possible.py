"""The best AUC that any model could reach, where the true probability is known."""

from __future__ import annotations

import glob
import os

import numpy as np
from sklearn.metrics import roc_auc_score

from components.example_gen.canonical import canonical_batch
from components.example_gen.readers import read_tables
from pipeline.config import Config
from pipeline.config.parts.example_gen import ExampleGenPart, RawColumn
from pipeline.errors import InputError


def best_possible_auc(config: Config) -> float | None:
    """AUC of the true probability against the labels.

    Args:
      config: `evaluation.true_probability` names the files; they hold the label too.

    Returns:
      The AUC, or None where the true probability is not known.

    Raises:
      InputError: No file matches, or one is malformed.
    """
    truth = config.evaluation.true_probability
    if truth is None:
        return None
    pattern = os.path.join(config.examples.root, truth.pattern)
    paths = sorted(glob.glob(pattern))
    if not paths:
        raise InputError(
            f"{pattern}: no file matches; correct evaluation.true_probability or "
            "remove it"
        )
    part = ExampleGenPart(
        format=config.examples.format,
        missing_values=config.examples.missing_values,
        columns={truth.column: RawColumn(type="float")},
        label=config.label,
        hash_split=None,
    )
    batches = [
        canonical_batch(table, part)
        for path in paths
        for table in read_tables(path, part)
    ]
    probability, label = (
        np.concatenate([batch.column(index).flatten().to_numpy() for batch in batches])
        for index in range(2)
    )
    return float(roc_auc_score(label, probability))
