"""Descriptions of anomalies, with shares that TFDV states for texts only."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TypeAlias

from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

from components.shared.statistics import Feature, Statistics, by_feature

_Info: TypeAlias = anomalies_pb2.AnomalyInfo
_QUANTILES = statistics_pb2.Histogram.QUANTILES

# Number of new values in a description, the most frequent ones.
_NAMED = 5


def by_name(found: anomalies_pb2.Anomalies) -> dict[str, _Info]:
    """Returns the anomalies of features, by the feature's name.

    TFDV's own keys are paths, in which a name with a dot is quoted.
    """
    return {info.path.step[0]: info for info in found.anomaly_info.values()}


def in_words(info: _Info) -> str:
    """Joins the descriptions of a feature's anomalies in one line."""
    words = [reason.description for reason in info.reason] or [info.description]
    return "; ".join(" ".join(text.split()).rstrip(".") for text in words)


def describe(
    found: anomalies_pb2.Anomalies, statistics: Statistics, schema: schema_pb2.Schema
) -> None:
    """Replaces descriptions of TFDV that have no figures.

    Args:
      found: Anomalies, which are changed.
      statistics: Statistics of the split that has them.
      schema: The schema that was inferred from the training split.
    """
    seen = by_feature(statistics)
    allowed = {feature.name: feature for feature in schema.feature}
    for name, info in by_name(found).items():
        for reason in info.reason:
            if reason.type == _Info.ENUM_TYPE_UNEXPECTED_STRING_VALUES:
                reason.description = _new_values(seen[name], allowed[name])
            elif reason.type == _Info.FLOAT_TYPE_BIG_FLOAT:
                reason.description = _too_high(seen[name], allowed[name])
            elif reason.type == _Info.FLOAT_TYPE_SMALL_FLOAT:
                reason.description = _too_low(seen[name], allowed[name])
            elif reason.type == _Info.SCHEMA_NEW_COLUMN or (
                reason.type == _Info.UNEXPECTED_DATA_TYPE and _is_empty(allowed[name])
            ):
                reason.description = "The training split has no value of it"


def _is_empty(allowed: schema_pb2.Feature) -> bool:
    return allowed.HasField("string_domain") and not allowed.string_domain.value


def _new_values(seen: Feature, allowed: schema_pb2.Feature) -> str:
    stats, known = seen.string_stats, set(allowed.string_domain.value)
    counted = stats.rank_histogram.buckets
    new = [each for each in counted if each.label not in known]
    total = stats.common_stats.tot_num_values
    named = [f"{each.label!r} ({_percent(each.sample_count / total)})" for each in new]
    more = " and others" if len(named) > _NAMED else ""
    share = sum(each.sample_count for each in new) / total
    # TFDV counts the most frequent values only.
    least = "at least " if stats.unique > len(counted) else ""
    return (
        f"{least}{_percent(share)} of the values are not in the training split: "
        f"{', '.join(named[:_NAMED])}{more}"
    )


def _percent(share: float) -> str:
    """Formats a share with three digits, so that a single value of many is not 0%."""
    return f"{100 * share:.3g}%"


def _too_high(seen: Feature, allowed: schema_pb2.Feature) -> str:
    most = allowed.float_domain.max
    return (
        f"{_share_above(most, _ranges(seen))} of the values are above {most:.6g}, the "
        f"largest of the training split: up to {seen.num_stats.max:.6g}"
    )


def _too_low(seen: Feature, allowed: schema_pb2.Feature) -> str:
    least = allowed.float_domain.min
    ranges = ((-high, -low, count) for low, high, count in _ranges(seen))
    return (
        f"{_share_above(-least, ranges)} of the values are below {least:.6g}, the "
        f"smallest of the training split: down to {seen.num_stats.min:.6g}"
    )


def _ranges(seen: Feature) -> Iterator[tuple[float, float, float]]:
    """Yields ranges with about equally many values: low, high and count."""
    for histogram in seen.num_stats.histograms:
        if histogram.type == _QUANTILES:
            for each in histogram.buckets:
                yield each.low_value, each.high_value, each.sample_count


def _share_above(bound: float, ranges: Iterator[tuple[float, float, float]]) -> str:
    """Formats the share of the values above a bound, as far as ranges tell it."""
    least = most = total = 0.0
    for low, high, count in ranges:
        least += count * (low > bound)
        most += count * (high > bound)
        total += count
    # Rounded outwards: both are bounds.
    lowest, highest = math.floor(100 * least / total), math.ceil(100 * most / total)
    return f"{lowest}% to {highest}%" if lowest else f"at most {highest}%"
