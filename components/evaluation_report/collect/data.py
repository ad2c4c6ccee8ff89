"""What the examples are like, what does not fit, and how far they have moved."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from tensorflow_metadata.proto.v0 import anomalies_pb2, statistics_pb2

from components.evaluation_report.collect.histograms import bars, compared
from components.evaluation_report.content import (
    Anomaly,
    Data,
    Distance,
    FeatureStatistics,
)
from components.example_validator.anomalies import Examined, Statistics, in_words
from pipeline.config.examples import TRAIN
from pipeline.config.parts.example_validator import ValidatorPart

_Feature: TypeAlias = statistics_pb2.FeatureNameStatistics
_TOP_VALUES = 3


def collect_data(examined: Examined, part: ValidatorPart) -> Data:
    """The examples of a run.

    Args:
      examined: Their statistics.
      part: Thresholds of drift and skew.
    """
    by_split = {
        split: _by_name(statistics) for split, statistics in examined.statistics.items()
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
            for anomaly in _anomalies(split, found)
        ),
        distances=tuple(
            sorted(_distances(examined, part), key=lambda each: -each.value)
        ),
    )


def _by_name(statistics: Statistics) -> dict[str, _Feature]:
    return {
        feature.path.step[0]: feature for feature in statistics.datasets[0].features
    }


def _describe(
    name: str, feature: _Feature, by_split: Mapping[str, Mapping[str, _Feature]]
) -> FeatureStatistics:
    number = feature.HasField("num_stats")
    return FeatureStatistics(
        name=name,
        type="number" if number else "text",
        missing={
            split: _missing(features[name])
            for split, features in by_split.items()
            if name in features
        },
        distinct=None if number else feature.string_stats.unique,
        words=_number_in_words(feature) if number else _text_in_words(feature),
        bars=bars(feature),
    )


def _common(feature: _Feature) -> Any:
    kind = feature.WhichOneof("stats")
    return getattr(feature, kind).common_stats


def _missing(feature: _Feature) -> float:
    common = _common(feature)
    total = common.num_missing + common.num_non_missing
    return common.num_missing / total if total else 0.0


def _number_in_words(feature: _Feature) -> str:
    stats = feature.num_stats
    return (
        f"mean {stats.mean:.4g}, median {stats.median:.4g}, from {stats.min:.4g} to "
        f"{stats.max:.4g}"
    )


def _text_in_words(feature: _Feature) -> str:
    stats = feature.string_stats
    total = stats.common_stats.tot_num_values
    top = list(stats.top_values)[:_TOP_VALUES]
    if not total or not top:
        return "no values"
    return ", ".join(f"{each.value} {each.frequency / total:.1%}" for each in top)


def _anomalies(split: str, found: anomalies_pb2.Anomalies) -> Iterator[Anomaly]:
    infos: list[tuple[str | None, anomalies_pb2.AnomalyInfo]] = [
        *sorted(found.anomaly_info.items())
    ]
    if found.dataset_anomaly_info.reason:
        infos.append((None, found.dataset_anomaly_info))
    for feature, info in infos:
        yield Anomaly(
            split=split,
            feature=feature,
            is_error=info.severity == anomalies_pb2.AnomalyInfo.ERROR,
            words=in_words(info),
        )


def _distances(examined: Examined, part: ValidatorPart) -> Iterator[Distance]:
    now = _by_name(examined.statistics[TRAIN])
    skew = part.skew.thresholds if part.skew else {}
    for info in examined.distances().drift_skew_info:
        name = info.path.step[0]
        for measured in info.drift_measurements:
            assert examined.previous is not None
            yield Distance(
                feature=name,
                kind="drift",
                value=measured.value,
                allowed=part.drift.get(name),
                histograms=compared(now[name], _by_name(examined.previous)[name]),
            )
        for measured in info.skew_measurements:
            assert examined.serving is not None
            yield Distance(
                feature=name,
                kind="skew",
                value=measured.value,
                allowed=skew.get(name),
                histograms=compared(now[name], _by_name(examined.serving)[name]),
            )
