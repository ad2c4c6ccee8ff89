"""Permutation importance (Breiman 2001, section 10).

It is what a model loses when the values of a feature are shuffled among examples.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from sklearn import metrics

from components.evaluation_report.collect.sample import Sample
from components.evaluation_report.content import Importance, Importances
from serving.scorer import Scorer

_SHUFFLES = 3


class ImportanceError(Exception):
    """Importance cannot be measured."""


def measure_importances(scorer: Scorer, sample: Sample) -> Importances:
    """Shuffles each feature among the examples and scores them again.

    Features that tell the same share their importance: each looks small, since the
    model still has the other.

    Args:
      scorer: The model.
      sample: The examples.

    Raises:
      ImportanceError: There is no AUC.
    """
    auc, log_loss = _quality(sample.labels, scorer.probabilities(sample.columns))
    random = np.random.default_rng(0)
    orders = [random.permutation(len(sample.labels)) for _ in range(_SHUFFLES)]
    features = []
    for name, column in sample.columns.items():
        shuffled = [
            _quality(
                sample.labels,
                scorer.probabilities({**sample.columns, name: column[order]}),
            )
            for order in orders
        ]
        losses = [auc - after for after, _ in shuffled]
        importance = Importance(
            feature=name,
            auc_loss=float(np.mean(losses)),
            lowest=min(losses),
            highest=max(losses),
            log_loss_rise=float(np.mean([after - log_loss for _, after in shuffled])),
        )
        features.append(importance)
    features.sort(key=lambda each: each.auc_loss, reverse=True)
    return Importances(
        examples=len(sample.labels),
        shuffles=_SHUFFLES,
        auc=auc,
        features=tuple(features),
    )


def _quality(
    labels: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float32]
) -> tuple[float, float]:
    """AUC and log loss."""
    if len(np.unique(labels)) < 2:
        raise ImportanceError("all examples of the sample have one label")
    if not np.isfinite(probabilities).all():
        raise ImportanceError("the model predicts what is not a number")
    return (
        float(metrics.roc_auc_score(labels, probabilities)),
        float(metrics.log_loss(labels, probabilities.astype(np.float64))),
    )
