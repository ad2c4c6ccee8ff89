"""Statistics of examples, as TensorFlow Data Validation keeps them."""

from __future__ import annotations

import os
from typing import TypeAlias

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import statistics_pb2
from tfx import types
from tfx.types import artifact_utils

# StatisticsGen's file in the folder of a split.
STATISTICS_FILE = "FeatureStats.pb"

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList
Feature: TypeAlias = statistics_pb2.FeatureNameStatistics


def read_statistics(statistics: types.Artifact, split: str) -> Statistics:
    """The statistics of a split."""
    folder = artifact_utils.get_split_uri([statistics], split)
    return tfdv.load_stats_binary(os.path.join(folder, STATISTICS_FILE))


def by_feature(statistics: Statistics | None) -> dict[str, Feature]:
    """Returns the statistics of each feature, by name."""
    if statistics is None:
        return {}
    (examples,) = statistics.datasets
    return {feature.path.step[0]: feature for feature in examples.features}


def count_present(feature: Feature) -> int:
    """Returns the number of examples with a value."""
    count: int = _common(feature).num_non_missing
    return count


def has_values(feature: Feature) -> bool:
    """Returns True if any example has a value; an empty list is present without one."""
    return bool(_common(feature).tot_num_values)


def missing_share(feature: Feature) -> float:
    """The share of the examples that have no value."""
    missing: int = _common(feature).num_missing
    total = missing + count_present(feature)
    return missing / total if total else 0.0


def _common(feature: Feature) -> statistics_pb2.CommonStatistics:
    return getattr(feature, feature.WhichOneof("stats")).common_stats
