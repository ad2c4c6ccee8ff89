"""Calibration of a trained model on the examples that training held out.

    calibrated logit = c(logit) + o_1[value of feature 1] + ...

c is an increasing curve for all examples, and the offsets correct it for the values of
features (Pan et al. 2020, https://doi.org/10.1145/3366423.3380154, who add a network on
all fields to a curve). The offsets of a feature have a normal prior around 0, so that a
value with few examples keeps to the curve; its variance is that by which the values
differ beyond chance (DerSimonian and Laird 1986,
https://doi.org/10.1016/0197-2456(86)90046-2), and without any there are no offsets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import keras
import numpy as np
import numpy.typing as npt
import tensorflow as tf
from sklearn.isotonic import isotonic_regression
from sklearn.linear_model import LogisticRegression

from config.calibration import Calibration
from config.columns import id_column
from config.features import Features
from trainer.data.inputs import IdInput, ModelInputs
from trainer.export.record import CalibrationRecord
from trainer.layers.calibration import CalibratedLogit

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]

# Of each label: a curve from fewer examples would be mostly noise.
_FEWEST = 20
# Examples of the rarer label for a group of the isotonic regression, and most groups.
_RARER_IN_GROUP = 20
_MOST_GROUPS = 10
# Information about the log-odds of a group that says what the model says: as much as
# that of a normal prior with standard deviation 0.5.
_PRIOR_INFORMATION = 4.0
# Of a logit; the Evaluator holds predictions within 1e-7 and 1 - 1e-7, too.
_LARGEST = 16.0
_NEWTON_STEPS = 20
_LONGEST_STEP = 1.0


class _UnfitError(Exception):
    """Reason why a model cannot be calibrated."""


class Curve(NamedTuple):
    """An increasing curve, linear between its knots and beyond them.

    Attributes:
      inputs: Logits of the knots.
      outputs: The values of the curve there.
    """

    inputs: Floats
    outputs: Floats

    def __call__(self, logits: Floats) -> Floats:
        """Returns the values of the curve."""
        line = np.searchsorted(self.inputs[1:-1], logits, side="right")
        slopes = np.diff(self.outputs) / np.diff(self.inputs)
        return self.outputs[line] + slopes[line] * (logits - self.inputs[line])


class Offsets(NamedTuple):
    """Offsets of the values of a feature.

    Attributes:
      offsets: An offset for each id.
      spread: Standard deviation of their prior; 0 for no offsets.
    """

    offsets: Floats
    spread: float


def isotonic_curve(logits: Floats, labels: Floats) -> Curve:
    """Fits an increasing curve of any shape.

    The examples, by rising logit, fall into groups of about one size, and isotonic
    regression makes the click rates of the groups rise. Each step of it is a knot: from
    the log-odds of the mean prediction to those of the rate. Between the steps the
    curve is linear, so that it ranks examples as the logits do, and beyond them its
    slope is 1. Rates are not those of the examples alone: each group has a prior at its
    mean prediction, so none is 0 or 1.

    Args:
      logits: A logit for each example.
      labels: 0 or 1 for each example; both occur.
    """
    rarer = min(labels.sum(), len(labels) - labels.sum())
    groups = int(np.clip(rarer // _RARER_IN_GROUP, 1, _MOST_GROUPS))
    logits = np.clip(logits, -_LARGEST, _LARGEST)
    cuts = np.unique(np.quantile(logits, np.arange(1, groups) / groups))
    _, group = np.unique(np.searchsorted(cuts, logits, "right"), return_inverse=True)
    examples = np.bincount(group)
    predicted = np.bincount(group, _probability(logits)) / examples
    prior = _PRIOR_INFORMATION / (predicted * (1 - predicted))
    weights = examples + prior
    rates = (np.bincount(group, labels) + prior * predicted) / weights
    rising = isotonic_regression(rates, sample_weight=weights)
    steps, step = np.unique(rising, return_inverse=True)
    predicted = np.bincount(step, predicted * weights) / np.bincount(step, weights)
    inputs, outputs = _log_odds(predicted), _log_odds(steps)
    return Curve(
        np.concatenate([[inputs[0] - 1], inputs, [inputs[-1] + 1]]),
        np.concatenate([[outputs[0] - 1], outputs, [outputs[-1] + 1]]),
    )


def platt_curve(logits: Floats, labels: Floats) -> Curve:
    """Fits a straight line (Platt 1999), with his targets, which are not 0 and 1.

    Args:
      logits: A logit for each example.
      labels: 0 or 1 for each example; both occur.
    """
    clicks = labels.sum()
    others = len(labels) - clicks
    targets = np.where(labels == 1, (clicks + 1) / (clicks + 2), 1 / (others + 2))
    # An example of a fractional label is one of each label, weighted.
    fitted = LogisticRegression(C=np.inf).fit(
        np.tile(logits, 2)[:, np.newaxis],
        np.repeat([1, 0], len(logits)),
        np.concatenate([targets, 1 - targets]),
    )
    if fitted.coef_[0, 0] <= 0:
        raise _UnfitError("clicks do not become more frequent with the predictions")
    inputs = np.array([0.0, 1.0])
    return Curve(inputs, fitted.decision_function(inputs[:, np.newaxis]))


def fit_offsets(logits: Floats, labels: Floats, ids: Ints, num_ids: int) -> Offsets:
    """Fits an offset for each id, its most likely one under the prior.

    Args:
      logits: A calibrated logit for each example.
      labels: 0 or 1 for each example.
      ids: The id of each example.
      num_ids: Number of ids.
    """

    def derivatives(offsets: Floats) -> tuple[Floats, Floats]:
        """First derivatives of the log likelihood, and minus the second ones."""
        predicted = _probability(logits + offsets[ids])
        return (
            _sums(labels - predicted, ids, num_ids),
            _sums(predicted * (1 - predicted), ids, num_ids),
        )

    offsets = np.zeros(num_ids)
    variance = _variance_beyond_chance(*derivatives(offsets))
    if variance == 0.0:
        return Offsets(offsets, 0.0)
    for _ in range(_NEWTON_STEPS):
        slope, curvature = derivatives(offsets)
        step = (slope - offsets / variance) / (curvature + 1 / variance)
        offsets += np.clip(step, -_LONGEST_STEP, _LONGEST_STEP)
    return Offsets(offsets, variance**0.5)


def _variance_beyond_chance(excess: Floats, information: Floats) -> float:
    """Variance of offsets, estimated by DerSimonian and Laird.

    Args:
      excess: Clicks minus predicted clicks of each id.
      information: The variance that chance gives these.
    """
    seen = information > 0
    excess, information = excess[seen], information[seen]
    total = information.sum()
    between = total - (information**2).sum() / total
    if between <= 0:
        return 0.0
    apart = excess / information - excess.sum() / total
    heterogeneity = (information * apart**2).sum()
    return max(0.0, float((heterogeneity - (len(excess) - 1)) / between))


def _sums(values: Floats, ids: Ints, num_ids: int) -> Floats:
    """The sum of the values of each id."""
    return np.asarray(np.bincount(ids, values, num_ids), np.float64)


def _probability(logits: Floats) -> Floats:
    return 1 / (1 + np.exp(-np.clip(logits, -_LARGEST, _LARGEST)))


def _log_odds(probability: Floats) -> Floats:
    return np.log(probability / (1 - probability))


def calibrate(
    model: keras.Model,
    settings: Calibration,
    inputs: ModelInputs,
    features: Features,
    held_out: tf.data.Dataset,
) -> tuple[keras.Model, CalibrationRecord | None]:
    """Calibrates a trained model.

    Args:
      model: From transformed columns to logits, on one device.
      settings: The configured method.
      inputs: The columns.
      features: The features they are made of.
      held_out: Batches of (inputs by name, label float32 [batch, 1]).

    Returns:
      A model from the same columns to calibrated logits, and the record of what was
      fitted; the model itself, and None, where no method is configured.
    """
    if settings.method == "none":
        return model, None
    columns = _columns(settings.by, inputs, features)
    examples = _predict(model, held_out, columns)
    record = CalibrationRecord(
        method=settings.method,
        examples=len(examples.labels),
        clicks=int(examples.labels.sum()),
    )
    try:
        curve = _fit_curve(settings.method, examples.logits, examples.labels)
    except _UnfitError as why:
        return model, record.model_copy(update={"problem": str(why)})
    logits = curve(examples.logits)
    fitted = []
    for column, ids in zip(columns.values(), examples.ids, strict=True):
        fitted.append(fit_offsets(logits, examples.labels, ids, column.num_ids))
        logits += fitted[-1].offsets[ids]
    layer = CalibratedLogit(
        *curve, [each.offsets for each in fitted], name="output.calibration"
    )
    tensors = [model.input[column.name] for column in columns.values()]
    calibrated = keras.Model(model.input, layer(model.output, tensors))
    spreads = {name: each.spread for name, each in zip(columns, fitted, strict=True)}
    return calibrated, record.model_copy(update={"spreads": spreads})


def _columns(
    by: Sequence[str], inputs: ModelInputs, features: Features
) -> dict[str, IdInput]:
    """The column of ids of each feature, which the configuration is sure to have."""
    ids = {column.name: column for column in inputs.ids}
    columns = {}
    for name in by:
        column = id_column(name, features)
        assert column is not None
        columns[name] = ids[column.name]
    return columns


class _Examples(NamedTuple):
    """Held-out examples; an element for each.

    Attributes:
      logits: Logits of the model.
      labels: 0 or 1.
      ids: Ids of each column.
    """

    logits: Floats
    labels: Floats
    ids: list[Ints]


def _predict(
    model: keras.Model, held_out: tf.data.Dataset, columns: Mapping[str, IdInput]
) -> _Examples:
    logits, labels = [], []
    ids: list[list[Ints]] = [[] for _ in columns]
    for inputs, label in held_out:
        logits.append(model(inputs, training=False).numpy()[:, 0])
        labels.append(label.numpy()[:, 0])
        for batches, column in zip(ids, columns.values(), strict=True):
            batches.append(inputs[column.name].numpy())
    return _Examples(
        np.concatenate(logits).astype(np.float64),
        np.concatenate(labels).astype(np.float64),
        [np.concatenate(batches) for batches in ids],
    )


def _fit_curve(method: str, logits: Floats, labels: Floats) -> Curve:
    clicks = int(labels.sum())
    if min(clicks, len(labels) - clicks) < _FEWEST:
        raise _UnfitError(f"fewer than {_FEWEST} with a click, or without one")
    return (
        isotonic_curve(logits, labels)
        if method == "isotonic"
        else platt_curve(logits, labels)
    )
