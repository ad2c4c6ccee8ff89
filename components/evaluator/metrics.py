"""Figures of a model from its scored examples.

Each is computed for all examples and without each block of them at once: an array
[1 + BLOCKS] whose first entry is the figure and whose others give its interval. What
is undefined is NaN.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from components.evaluator.score_counts import Bins, Floats, Ints, Sample

Figure = Callable[[Sample], Floats]

# Groups of examples whose mean prediction is compared with their mean label.
_CALIBRATION_GROUPS = 10


def auc(sample: Sample) -> Floats:
    """Chance that an example with label 1 is scored above one with label 0.

    Equal scores count half.
    """
    below = np.cumsum(sample.negatives, axis=0) - sample.negatives
    won = (sample.positives * (below + sample.negatives / 2)).sum(axis=0)
    return won / (sample.positives.sum(axis=0) * sample.negatives.sum(axis=0))


def pr_auc(sample: Sample) -> Floats:
    """Average precision: the mean precision over the examples with label 1."""
    hits, chosen = _from_the_top(sample.positives), _from_the_top(sample.examples)
    precision = hits / np.maximum(chosen, 1)
    mean = (precision * sample.positives).sum(axis=0) / hits[0]
    # Where all labels are 1, any model has 1.
    return np.where(hits[0] < chosen[0], mean, np.nan)


def log_loss(sample: Sample) -> Floats:
    """Mean of -ln of the probability that was given to the label."""
    return sample.losses / _total(sample)


def normalized_entropy(sample: Sample) -> Floats:
    """Log loss over that of predicting the mean label for all examples."""
    return log_loss(sample) / entropy(mean_label(sample))


def entropy(mean: Floats) -> Floats:
    """Log loss of predicting the mean label for all examples; 0 of one class."""
    return _entropy_term(mean) + _entropy_term(1 - mean)


def _entropy_term(share: Floats) -> Floats:
    return share * np.log(1 / np.where(share > 0, share, 1))


def calibration(sample: Sample) -> Floats:
    """Mean prediction over mean label."""
    return sample.predictions.sum(axis=0) / sample.positives.sum(axis=0)


def mean_label(sample: Sample) -> Floats:
    """Share of examples with label 1."""
    return sample.positives.sum(axis=0) / _total(sample)


def mean_prediction(sample: Sample) -> Floats:
    """Mean of the predicted probabilities."""
    return sample.predictions.sum(axis=0) / _total(sample)


def ece(sample: Sample) -> Floats:
    """Expected calibration error, over groups of equal size.

    Mean over all examples of |mean prediction - mean label| of the example's group.
    """
    groups = groups_of_equal_size(sample.examples, _CALIBRATION_GROUPS)
    excess = sample.predictions - sample.positives
    columns = np.broadcast_to(np.arange(excess.shape[1]), excess.shape)
    by_group = np.zeros((_CALIBRATION_GROUPS, excess.shape[1]))
    np.add.at(by_group, (groups, columns), excess)
    return np.abs(by_group).sum(axis=0) / _total(sample)


def groups_of_equal_size(examples: Floats, groups: int) -> Ints:
    """Splits the bins, in order of the predictions, into groups of equal size.

    Equal predictions stay together: a bin goes where its middle example belongs.

    Args:
      examples: Number of examples by bin, [bins, columns].
      groups: Number of groups.

    Returns:
      The group of each bin from 0, [bins, columns].
    """
    middle = np.cumsum(examples, axis=0) - examples / 2
    share = middle / np.maximum(examples.sum(axis=0), 1)
    return np.minimum(groups * share, groups - 1).astype(np.int64)


def precision_at(threshold: float, bins: Bins) -> Figure:
    """Share of label 1 among the examples predicted above a threshold."""
    first = bins.above(threshold)

    def precision(sample: Sample) -> Floats:
        above = sample.bins >= first
        return sample.positives[above].sum(axis=0) / sample.examples[above].sum(axis=0)

    return precision


def recall_at(threshold: float, bins: Bins) -> Figure:
    """Share of the examples with label 1 that are predicted above a threshold."""
    first = bins.above(threshold)

    def recall(sample: Sample) -> Floats:
        above = sample.bins >= first
        return sample.positives[above].sum(axis=0) / sample.positives.sum(axis=0)

    return recall


def _total(sample: Sample) -> Floats:
    return sample.examples.sum(axis=0)


def _from_the_top(counts: Floats) -> Floats:
    """Sums over all bins from one on upwards."""
    return np.cumsum(counts[::-1], axis=0)[::-1]


_METRICS: dict[str, Figure] = {
    "auc": auc,
    "pr_auc": pr_auc,
    "log_loss": log_loss,
    "normalized_entropy": normalized_entropy,
    "calibration": calibration,
    "mean_label": mean_label,
    "mean_prediction": mean_prediction,
    "ece": ece,
}
_AT_A_THRESHOLD = {"precision": precision_at, "recall": recall_at}


def metric_named(name: str, bins: Bins) -> Figure:
    """The figure of a name, such as `auc` or `recall_at_0.5`.

    Args:
      name: Its name.
      bins: Bins of the counts, which end at each threshold.
    """
    if name in _METRICS:
        return _METRICS[name]
    named = {
        f"{kind}_at_{threshold:g}": make(threshold, bins)
        for kind, make in _AT_A_THRESHOLD.items()
        for threshold in bins.thresholds
    }
    return named[name]
