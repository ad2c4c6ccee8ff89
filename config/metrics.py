"""The metrics of the Evaluator: what is known of each, whatever the model."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple

_ONE_CLASS = (0.0, 1.0)


class WithoutFeatures(NamedTuple):
    """The best that a model without features can do.

    Attributes:
      how: Its predictions, in words.
      value: From the mean label and the threshold of a metric to the metric's value.
    """

    how: str
    value: Callable[[float, float], float]


_NOT_KNOWN = WithoutFeatures("", lambda *_: math.nan)


@dataclass(frozen=True)
class Metric:
    """A metric. All are 0 or more.

    Attributes:
      meaning: Explanation in a few words; empty where the name says it.
      title: The name as a heading, where it is not the name itself.
      computed_from: The scores of a slice, or those of each group in it, or those
        above a threshold, or the number of examples alone.
      best: The best value: the highest, the lowest or 1; None if none is.
      is_share: True if it is at most 1.
      of_examples: True if it depends on the examples only, not on the model.
      undefined_at: Mean labels at which no model has a value.
      without_features: What a model without features reaches; NaN if not known.
    """

    meaning: str = ""
    title: str = ""
    computed_from: Literal["scores", "groups", "threshold", "count"] = "scores"
    best: Literal["highest", "lowest", "1"] | None = None
    is_share: bool = True
    of_examples: bool = False
    undefined_at: tuple[float, ...] = ()
    without_features: WithoutFeatures = _NOT_KNOWN


def _entropy(mean_label: float, _: float) -> float:
    shares = (mean_label, 1 - mean_label)
    return -sum(share * math.log(share) for share in shares if share != 0)


def _constant(value: Callable[[float, float], float]) -> WithoutFeatures:
    return WithoutFeatures("predicting the mean label for all examples", value)


_METRICS = {
    "auc": Metric(
        "how often a click scores above a non-click; 0.5 is chance",
        title="AUC",
        best="highest",
        undefined_at=_ONE_CLASS,
        without_features=_constant(lambda mean, _: 0.5),
    ),
    "pr_auc": Metric(
        "area under precision and recall; the mean label is chance",
        title="PR AUC",
        best="highest",
        undefined_at=_ONE_CLASS,
        without_features=_constant(lambda mean, _: mean),
    ),
    "log_loss": Metric(
        "mean penalty of the predicted probabilities; lower is better",
        best="lowest",
        is_share=False,
        without_features=_constant(_entropy),
    ),
    "normalized_entropy": Metric(
        "log loss over that of predicting the mean label for all; below 1 is better",
        title="normalised entropy",
        best="lowest",
        is_share=False,
        undefined_at=_ONE_CLASS,
        without_features=_constant(lambda mean, _: 1.0),
    ),
    "calibration": Metric(
        "predicted clicks for each click; 1 is right",
        best="1",
        is_share=False,
        undefined_at=(0.0,),
    ),
    "ece": Metric(
        "mean distance of predicted from observed rates; lower is better",
        title="ECE",
        best="lowest",
        without_features=WithoutFeatures(
            "predicting the more frequent label for all examples",
            lambda mean, _: min(mean, 1 - mean),
        ),
    ),
    "mean_label": Metric("share of examples that were clicked", of_examples=True),
    "mean_prediction": Metric("mean predicted probability"),
    "gauc": Metric(
        "AUC within each group, weighted by examples",
        title="GAUC",
        computed_from="groups",
        best="highest",
        without_features=_constant(lambda mean, _: 0.5),
    ),
    "gauc_coverage": Metric(
        "share of examples in groups with clicks and non-clicks",
        title="GAUC coverage",
        computed_from="groups",
        of_examples=True,
    ),
    "precision": Metric(
        computed_from="threshold",
        without_features=WithoutFeatures(
            "predicting a click for all examples", lambda mean, _: mean
        ),
    ),
    "recall": Metric(
        computed_from="threshold",
        undefined_at=(0.0,),
        without_features=_constant(lambda mean, threshold: float(mean > threshold)),
    ),
    "examples": Metric(
        "number of examples", computed_from="count", is_share=False, of_examples=True
    ),
}


def metric_of(name: str) -> Metric:
    """The metric of a name, such as `auc` or `recall_at_0.5`."""
    return _METRICS[name.partition("_at_")[0]]


def threshold_of(name: str) -> float:
    """The threshold in the name of a metric; NaN where there is none."""
    return float(name.partition("_at_")[2] or "nan")


def _computed_from(source: str) -> tuple[str, ...]:
    return tuple(
        name for name, metric in _METRICS.items() if metric.computed_from == source
    )


SCORE_METRICS = _computed_from("scores")
GROUP_METRICS = _computed_from("groups")


def at_thresholds(thresholds: Iterable[float]) -> list[str]:
    """The names of precision and recall at thresholds."""
    return [
        f"{kind}_at_{threshold:g}"
        for threshold in thresholds
        for kind in _computed_from("threshold")
    ]
