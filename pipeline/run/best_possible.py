"""The best AUC that any model could reach, where the true probability is known."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import roc_auc_score

from components.example_gen.canonical import canonical_batch
from components.example_gen.files import files_matching
from components.example_gen.readers import read_tables
from components.example_gen.spans import files_of, find_window, span_files
from config.errors import InputError
from config.examples import Examples
from config.features import RawColumn
from config.parts import ExampleGenPart
from config.root import Config


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
    paths = _paths(config.examples, truth.pattern)
    part = ExampleGenPart(
        format=config.examples.format,
        csv=config.examples.csv,
        missing_values=config.examples.missing_values,
        columns={truth.column: RawColumn(type="float")},
        label=config.label,
    )
    batches = [
        canonical_batch(table, part)
        for path in paths
        for table in read_tables(path, part)
    ]
    if not any(batch.num_rows for batch in batches):
        raise InputError(f"{paths[0]}: there are no rows in it")
    probability, label = (
        np.concatenate([batch.column(index).flatten().to_numpy() for batch in batches])
        for index in range(2)
    )
    if len(probability) < len(label) or not np.isfinite(probability).all():
        raise InputError(
            f"{paths[0]}: column {truth.column!r} has no number in some rows; every "
            "example must have its true probability"
        )
    if len(np.unique(label)) == 1:
        raise InputError(
            f"{paths[0]}: all labels are {label[0]}; no AUC is the best possible; "
            "remove evaluation.true_probability"
        )
    return float(roc_auc_score(label, probability))


def _paths(examples: Examples, pattern: str) -> list[str]:
    """The files for the eval split."""
    cure = "check examples.root (or --data) and evaluation.true_probability"
    if examples.spans is None:
        return files_matching(examples.root, pattern, cure)
    window, _ = find_window(examples.root, examples.spans)
    files = span_files(examples.root, pattern)
    for name in window.eval:
        if name not in files:
            raise InputError(
                f"{examples.root}/{pattern}: no file is of span {name}; {cure}"
            )
    return files_of(files, window.eval)
