"""Curves of a model on a slice, few enough points of each to draw."""

from __future__ import annotations

import numpy as np
import pydantic

from components.evaluator.metrics import groups_of_equal_size
from components.evaluator.score_counts import Bins, Floats, Ints, Sample
from components.shared.artifact_file import ArtifactFile

_POINTS = 100
_CALIBRATION_POINTS = 20
_BARS = 40

Point = tuple[float, float]
Group = tuple[float, float, float]


class Curve(pydantic.BaseModel):
    """Curves of a model on a slice.

    Attributes:
      roc: False positive rate and true positive rate, from (0, 0) to (1, 1).
      thresholds: Threshold of each of these points: predictions above it count as
        clicks.
      precision_recall: Recall and precision, by rising recall.
      calibration: Mean prediction, mean label and number of examples of groups of
        about equal size, by rising prediction.
      histogram: Predictions greater than the first number up to the second, and how
        many examples have such; of equal width in log-odds.
    """

    roc: list[Point]
    thresholds: list[float]
    precision_recall: list[Point]
    calibration: list[Group]
    histogram: list[Group]


class SliceCurves(pydantic.BaseModel):
    """The curves of both models on a slice; there may be no baseline."""

    candidate: Curve
    baseline: Curve | None = None


class Curves(pydantic.RootModel[dict[str, SliceCurves]], ArtifactFile):
    """The content of curves.json, by the names of the slices."""

    FILE = "curves.json"

    def as_json(self) -> str:
        """The content in short: it has many numbers."""
        return self.model_dump_json(exclude_none=True)


def curve_of(sample: Sample, bins: Bins) -> Curve:
    """The curves of a sample that has examples of both labels.

    Args:
      sample: The examples, counted.
      bins: Bins of the counts.
    """
    # From the highest predictions down, as a threshold falls.
    hits = np.cumsum(sample.positives[::-1, 0])
    chosen = np.cumsum(sample.examples[::-1, 0])
    recall = hits / hits[-1]
    false_alarms = (chosen - hits) / (chosen[-1] - hits[-1])
    # Where curves bend, both rates move: even steps along their sum catch that.
    steps = _evenly(recall + false_alarms)
    origin = np.zeros((1, 2))
    roc = np.stack([false_alarms, recall], axis=1)[steps]
    starts = np.array([0.0, *bins.edges])[sample.bins[::-1]]
    precision = hits / chosen
    precision_recall = np.stack([recall, precision], axis=1)[_evenly(recall)]
    # Below the recall of the highest prediction its precision, as in pr_auc.
    start = np.array([[0.0, precision[0]]])
    return Curve(
        roc=_points(np.concatenate([origin, roc])),
        thresholds=[1.0, *starts[steps].tolist()],
        precision_recall=_points(np.concatenate([start, precision_recall])),
        calibration=_calibration(sample),
        histogram=_histogram(sample, bins),
    )


def _evenly(progress: Floats) -> Ints:
    """Returns the indices nearest to even steps of a rising sequence, ends included.

    Not those just after a step, which are mostly the upper corners of a staircase.
    """
    steps = np.linspace(progress[0], progress[-1], _POINTS - 1)
    after = np.searchsorted(progress, steps)
    before = np.maximum(after - 1, 0)
    nearer = steps - progress[before] < progress[after] - steps
    return np.unique(np.where(nearer, before, after))


def _calibration(sample: Sample) -> list[Group]:
    examples = sample.examples[:, 0]
    (groups,) = groups_of_equal_size(examples[:, None], _CALIBRATION_POINTS).T
    size, predictions, clicks = (
        np.bincount(groups, weights)
        for weights in (examples, sample.predictions[:, 0], sample.positives[:, 0])
    )
    filled = size > 0
    size, predictions, clicks = size[filled], predictions[filled], clicks[filled]
    return _groups(np.stack([predictions / size, clicks / size, size], axis=1))


def _histogram(sample: Sample, bins: Bins) -> list[Group]:
    first, last = sample.bins[0], sample.bins[-1]
    width = -(-(last - first + 1) // _BARS)
    height = np.bincount((sample.bins - first) // width, sample.examples[:, 0])
    ends = np.array([0.0, *bins.edges])
    starts = first + width * np.arange(len(height) + 1)
    sides = ends[np.minimum(starts, last + 1)]
    return _groups(np.stack([sides[:-1], sides[1:], height], axis=1))


def _points(rows: Floats) -> list[Point]:
    return [(x, y) for x, y in _rounded(rows)]


def _groups(rows: Floats) -> list[Group]:
    return [(x, y, z) for x, y, z in _rounded(rows)]


def _rounded(rows: Floats) -> list[list[float]]:
    """To what can be read off a plot: files stay small."""
    return [[float(f"{value:.6g}") for value in row] for row in rows]
