"""Scored examples, drawn at random and counted."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn import metrics as sk

from components.evaluator.score_counts import Bins, Sample, Scores

Scored = tuple[np.ndarray, np.ndarray]


def gauc_of(
    users: np.ndarray, labels: np.ndarray, predictions: np.ndarray
) -> tuple[float | None, float]:
    """GAUC and its coverage, by a loop over the users; None is no user."""
    sizes, aucs = [], []
    for user in {user for user in users if user is not None}:
        mine = users == user
        if len(set(labels[mine])) == 2:
            sizes.append(mine.sum())
            aucs.append(sk.roc_auc_score(labels[mine], predictions[mine]))
    gauc = np.average(aucs, weights=sizes) if sizes else None
    return gauc, sum(sizes) / len(labels)


@pytest.fixture
def draw() -> Callable[..., Scored]:
    """Draws labels and the predictions of a model that knows something."""

    def _draw(
        seed: int, size: int = 2000, mean: float = 0.1, decimals: int | None = None
    ) -> Scored:
        rng = np.random.default_rng(seed)
        log_odds = np.log(mean / (1 - mean)) + rng.normal(0, 1, size)
        labels = (rng.random(size) < 1 / (1 + np.exp(-log_odds))).astype(float)
        # Too high by a fifth, and noisy.
        noisy = log_odds + 0.2 + rng.normal(0, 0.5, size)
        predictions = 1 / (1 + np.exp(-noisy))
        if decimals is not None:
            predictions = predictions.round(decimals)
        return labels, predictions.astype(np.float32).astype(float)

    return _draw


@pytest.fixture
def count() -> Callable[..., Sample]:
    """Counts examples; without blocks given, they take turns."""

    def _count(labels, predictions, blocks=None, bins=None):
        if blocks is None:
            blocks = np.arange(len(labels)) % 20
        scores = Scores.of(
            np.asarray(labels), np.asarray(predictions), blocks, bins or Bins()
        )
        return Sample.of(scores.table())

    return _count
