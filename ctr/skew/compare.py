"""Distances between logged requests and training examples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

import pydantic
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

from components.evaluation_report.collect.histograms import compared, value_shares
from components.shared.statistics import (
    Feature,
    Statistics,
    by_feature,
    count_present,
    missing_share,
)
from ctr.skew.requests import RawColumns
from ctr.skew.statistics import Served

Measure = Literal["L-infinity", "Jensen-Shannon"]
# The measure of a feature, and the largest distance allowed.
_Bound: TypeAlias = tuple[Measure, float]

# Default thresholds: for the share of a single value and of missing ones, and for the
# divergence of numbers.
ALLOWED_SHARE = 0.1
ALLOWED_DIVERGENCE = 0.05

# Number of values of a feature in the output.
_MOST_MOVED = 3


class Moved(pydantic.BaseModel):
    """A value, or a range of numbers, as shares of all values."""

    value: str
    training: float
    serving: float


class FeatureSkew(pydantic.BaseModel):
    """A feature in training and in serving.

    Attributes:
      feature: Its name.
      measure: Name of the distance.
      distance: The distance; None where either has no values.
      allowed: The largest distance that is allowed.
      too_far: True if the distance is larger.
      training_missing: Share of the examples without a value.
      serving_missing: Share of the examples without a value.
      allowed_missing: The largest difference of these two that is allowed.
      moved: Values that moved most, in falling order.
    """

    feature: str
    measure: Measure
    distance: float | None
    allowed: float
    too_far: bool
    training_missing: float
    serving_missing: float
    allowed_missing: float
    moved: tuple[Moved, ...]

    @property
    def is_missing(self) -> bool:
        """True if values are missing far more, or far less, often in serving."""
        difference = abs(self.serving_missing - self.training_missing)
        return difference > self.allowed_missing

    @property
    def is_skewed(self) -> bool:
        """True if it is too far from training, in either way."""
        return self.too_far or self.is_missing


class Skew(pydantic.BaseModel):
    """Logged requests beside training examples.

    Attributes:
      version: The version that serves the model that is compared with.
      run: The run that made it.
      training_examples: Number of training examples.
      serving_examples: Number of examples in the logs.
      logs: Number of log files.
      features: The features, the most skewed first.
      unknown: Number of examples with each feature that the model does not know.
    """

    version: int
    run: str
    training_examples: int
    serving_examples: int
    logs: int
    features: tuple[FeatureSkew, ...]
    unknown: dict[str, int]

    @pydantic.computed_field  # type: ignore[prop-decorator]
    @property
    def is_skewed(self) -> bool:
        """True if any feature is too far from training."""
        return any(feature.is_skewed for feature in self.features)


def columns_of(training: Statistics, columns: RawColumns) -> RawColumns:
    """The features that a model was shown, of those that are configured by now."""
    there = by_feature(training)
    return {name: columns[name] for name in columns if name in there}


def compare(
    training: Statistics,
    served: Served,
    columns: RawColumns,
    thresholds: Mapping[str, float],
    version: int,
    run: str,
) -> Skew:
    """Compares what is served with what was trained on.

    Args:
      thresholds: By feature, the largest Jensen-Shannon divergence allowed. Else it is
        the L-infinity distance for texts, which is the largest difference of the share
        of a value, and for numbers that divergence.
      version: The version of the model that was trained.
      run: The run that made it.
    """
    before, now = by_feature(training), by_feature(served.statistics)
    bounds = {name: _bound(name, columns, thresholds) for name in columns}
    distances = _distances(training, served.statistics, columns, bounds)
    features = []
    for name, (measure, allowed) in bounds.items():
        both = count_present(before[name]) and count_present(now[name])
        distance = distances.get(name) if both else None
        feature = FeatureSkew(
            feature=name,
            measure=measure,
            distance=distance,
            allowed=allowed,
            too_far=distance is not None and distance > allowed,
            training_missing=missing_share(before[name]),
            serving_missing=missing_share(now[name]),
            allowed_missing=thresholds.get(name, ALLOWED_SHARE),
            moved=tuple(_moved(before[name], now[name])),
        )
        features.append(feature)
    features.sort(key=_how_skewed, reverse=True)
    return Skew(
        version=version,
        run=run,
        training_examples=training.datasets[0].num_examples,
        serving_examples=served.examples,
        logs=served.logs,
        features=tuple(features),
        unknown={
            name: count for name, count in served.unknown.items() if name not in before
        },
    )


def _bound(name: str, columns: RawColumns, thresholds: Mapping[str, float]) -> _Bound:
    if name in thresholds:
        return "Jensen-Shannon", thresholds[name]
    if columns[name].type == "string":
        return "L-infinity", ALLOWED_SHARE
    return "Jensen-Shannon", ALLOWED_DIVERGENCE


def _distances(
    training: Statistics,
    serving: Statistics,
    columns: RawColumns,
    bounds: Mapping[str, _Bound],
) -> dict[str, float]:
    """The distance of each feature, as TensorFlow Data Validation measures it."""
    schema = schema_pb2.Schema()
    for name, (measure, allowed) in bounds.items():
        feature = schema.feature.add(name=name)
        is_text = columns[name].type == "string"
        feature.type = schema_pb2.BYTES if is_text else schema_pb2.FLOAT
        if measure == "L-infinity":
            feature.skew_comparator.infinity_norm.threshold = allowed
        else:
            feature.skew_comparator.jensen_shannon_divergence.threshold = allowed
    found = tfdv.validate_statistics(training, schema, serving_statistics=serving)
    return {
        info.path.step[0]: info.skew_measurements[0].value
        for info in found.drift_skew_info
        if info.skew_measurements
    }


def _moved(before: Feature, now: Feature) -> list[Moved]:
    """The values whose shares differ most."""
    moved = [
        Moved(value=value, training=then, serving=new)
        for value, then, new in _values(before, now)
        if then != new
    ]
    moved.sort(key=lambda each: -abs(each.serving - each.training))
    return moved[:_MOST_MOVED]


def _values(before: Feature, now: Feature) -> Iterator[tuple[str, float, float]]:
    """The values of a feature, and the shares of each in training and serving."""
    if before.HasField("num_stats"):
        bins = compared(now, before)
        yield from zip(bins.labels, bins.then, bins.now, strict=True)
    else:
        # As TFDV compares them.
        then, new = value_shares(before), value_shares(now)
        for value in {**then, **new}:
            yield value, then.get(value, 0.0), new.get(value, 0.0)


def _how_skewed(feature: FeatureSkew) -> tuple[bool, float]:
    missing = abs(feature.serving_missing - feature.training_missing)
    excess = (feature.distance or 0.0) / (feature.allowed or 1.0)
    return feature.is_skewed, max(excess, missing / (feature.allowed_missing or 1.0))
