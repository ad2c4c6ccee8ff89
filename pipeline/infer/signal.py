"""How much columns tell of the label, measured on rows not learned from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from pipeline.config.features import Cross
from pipeline.infer.column import Column, Floats, Ints

_FEWEST_OF_A_CLASS = 20
_FEWEST_FOR_CROSSES = 500
_MOST_CANDIDATES = 8
_MOST_VALUES_TO_CROSS = 200
_SMALLEST_GAIN = 0.01


@dataclass(frozen=True)
class PairGain:
    """What two columns tell of the label.

    Attributes:
      features: The two columns.
      together: AUC of the label rate of each combination of values.
      added: AUC of the two columns' log-odds added up, as a model without the cross
        would.
    """

    features: tuple[str, str]
    together: float
    added: float

    @property
    def name(self) -> str:
        """Name of the cross."""
        return Cross(features=self.features).name


def auc(scores: Floats, labels: Ints) -> float:
    """Area under the ROC curve; ties count one half."""
    _, group = np.unique(scores, return_inverse=True)
    positives = np.bincount(group, labels)
    negatives = np.bincount(group) - positives
    below = np.cumsum(negatives) - negatives
    area = np.sum(positives * (below + negatives / 2))
    return float(area / (positives.sum() * negatives.sum()))


def single_column_auc(column: Column, labels: Ints) -> float:
    """AUC of the label rate of each value, 0.5 where there are too few labels.

    The rates come from one half of the rows and score the other, so that a column
    with many values is not mistaken for one that tells the label.
    """
    if _fewest(labels) < _FEWEST_OF_A_CLASS:
        return 0.5
    return auc(_held_out_log_odds(column.codes, labels), labels)


def worthwhile_crosses(
    columns: Iterable[Column], aucs: Mapping[str, float], labels: Ints, most: int
) -> list[PairGain]:
    """Pairs of columns that tell more together than added up.

    Args:
      columns: Columns that may be crossed.
      aucs: The single-column AUC of each; only the best are tried.
      labels: The label of each row.
      most: Most pairs to return.

    Returns:
      The pairs, the one that gains most first.
    """
    if _fewest(labels) < _FEWEST_FOR_CROSSES:
        return []
    best = sorted(columns, key=lambda column: -aucs[column.name])[:_MOST_CANDIDATES]
    codes = {column.name: _codes_to_cross(column) for column in best}
    single = {name: _held_out_log_odds(code, labels) for name, code in codes.items()}
    # Three standard errors of an AUC, for the best of many pairs is a lucky one.
    gain = max(_SMALLEST_GAIN, 3 * (12 * _fewest(labels)) ** -0.5)
    found = []
    for a, b in combinations(codes, 2):
        pair = codes[a] * (codes[b].max() + 1) + codes[b]
        together = auc(_held_out_log_odds(pair, labels), labels)
        added = auc(single[a] + single[b], labels)
        if together - max(added, aucs[a], aucs[b], 0.5) >= gain:
            found.append(PairGain((a, b), together, added))
    return sorted(found, key=lambda pair: pair.added - pair.together)[:most]


def _codes_to_cross(column: Column) -> Ints:
    if column.is_number and column.distinct > _MOST_VALUES_TO_CROSS:
        return column.binned(10)
    return column.codes


def _fewest(labels: Ints) -> int:
    return int(min(labels.sum(), len(labels) - labels.sum()))


def _held_out_log_odds(codes: Ints, labels: Ints) -> Floats:
    _, dense = np.unique(codes, return_inverse=True)
    in_first = np.random.default_rng(0).random(len(labels)) < 0.5
    scores = np.zeros(len(labels))
    for learn in (in_first, ~in_first):
        prior = labels[learn].mean()
        seen = np.bincount(dense[learn], minlength=dense.max() + 1)
        clicks = np.bincount(dense[learn], labels[learn], minlength=len(seen))
        # One row's worth of the average keeps the rate of a rare value moderate.
        rate = np.clip((clicks + prior) / (seen + 1), 1e-6, 1 - 1e-6)
        scores[~learn] = np.log(rate / (1 - rate))[dense[~learn]]
    return scores
