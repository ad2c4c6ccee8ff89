"""Statistics of the examples, their anomalies and their drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from components.evaluation_report.collect.histograms import bars, compared
from components.evaluation_report.content import (
    Data,
    Distance,
    FeatureStatistics,
)
from components.example_validator.anomalies import Examined, anomalies_of
from components.shared.statistics import (
    Feature,
    by_feature,
    has_values,
    missing_share,
)
from config.examples import TRAIN
from config.parts import ExampleValidatorPart

_TOP_VALUES = 3


def collect_data(examined: Examined, part: ExampleValidatorPart) -> Data:
    """The examples of a run.

    Args:
      examined: Their statistics.
      part: Thresholds of drift and skew.
    """
    by_split = {
        split: by_feature(statistics)
        for split, statistics in examined.statistics.items()
    }
    return Data(
        examples={
            split: statistics.datasets[0].num_examples
            for split, statistics in examined.statistics.items()
        },
        features=tuple(
            _describe(name, feature, by_split)
            for name, feature in sorted(by_split[TRAIN].items())
        ),
        anomalies=tuple(
            anomaly
            for split, found in examined.anomalies(part).items()
            for anomaly in anomalies_of(split, found)
        ),
        distances=tuple(
            sorted(_distances(examined, part), key=lambda each: -each.value)
        ),
    )


def _describe(
    name: str,
    feature: Feature,
    by_split: Mapping[str, Mapping[str, Feature]],
) -> FeatureStatistics:
    number = feature.HasField("num_stats")
    return FeatureStatistics(
        name=name,
        type=_type(feature),
        missing={
            split: missing_share(features[name])
            for split, features in by_split.items()
            if name in features
        },
        distinct=None if number else feature.string_stats.unique,
        words=_number_in_words(feature) if number else _text_in_words(feature),
        bars=bars(feature),
    )


def _type(feature: Feature) -> Literal["number", "text", "unknown"]:
    # TFDV takes what has no values for text.
    if not has_values(feature):
        return "unknown"
    return "number" if feature.HasField("num_stats") else "text"


def _number_in_words(feature: Feature) -> str:
    if not has_values(feature):
        return "no values"
    stats = feature.num_stats
    return (
        f"mean {stats.mean:.4g}, median {stats.median:.4g}, from {stats.min:.4g} to "
        f"{stats.max:.4g}"
    )


def _text_in_words(feature: Feature) -> str:
    stats = feature.string_stats
    total = stats.common_stats.tot_num_values
    top = list(stats.top_values)[:_TOP_VALUES]
    if not total or not top:
        return "no values"
    return ", ".join(f"{each.value} {each.frequency / total:.1%}" for each in top)


def _distances(examined: Examined, part: ExampleValidatorPart) -> Iterator[Distance]:
    now = by_feature(examined.statistics[TRAIN])
    previous, serving = by_feature(examined.previous), by_feature(examined.serving)
    skew = part.skew.thresholds if part.skew else {}
    for info in examined.distances().drift_skew_info:
        name = info.path.step[0]
        for measured in info.drift_measurements:
            yield Distance(
                feature=name,
                kind="drift",
                value=measured.value,
                allowed=part.drift.get(name),
                histograms=compared(now[name], previous[name]),
            )
        for measured in info.skew_measurements:
            yield Distance(
                feature=name,
                kind="skew",
                value=measured.value,
                allowed=skew.get(name),
                histograms=compared(now[name], serving[name]),
            )
