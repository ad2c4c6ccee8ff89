"""Inference of a schema from the statistics of the training split."""

from __future__ import annotations

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import schema_pb2

from components.shared.statistics import Feature, Statistics, by_feature

# Columns with more distinct values, such as ids, may have others in other splits.
_MOST_VALUES = 100


def infer_schema(statistics: Statistics) -> schema_pb2.Schema:
    """Infers types, presence, ranges of numbers, and values of texts that have few.

    Args:
      statistics: Statistics of the training split.
    """
    # All features may be missing; Transform decides what becomes of that.
    schema = tfdv.infer_schema(statistics, infer_feature_shape=False)
    features = by_feature(statistics)
    # TFDV's domains of texts: any integer where all values are integers, such as codes.
    del schema.string_domain[:]
    for feature in schema.feature:
        if feature.type == schema_pb2.BYTES:
            _set_values(feature, features[feature.name])
        elif feature.type == schema_pb2.FLOAT:
            _set_range(feature, features[feature.name])
    return schema


def _set_values(feature: schema_pb2.Feature, seen: Feature) -> None:
    if domain := feature.WhichOneof("domain_info"):
        feature.ClearField(domain)
    if seen.string_stats.unique <= _MOST_VALUES:
        values = (each.label for each in seen.string_stats.rank_histogram.buckets)
        # Empty, too: TFDV takes a column without values for text.
        feature.string_domain.CopyFrom(schema_pb2.StringDomain(value=sorted(values)))


def _set_range(feature: schema_pb2.Feature, seen: Feature) -> None:
    feature.float_domain.min = seen.num_stats.min
    feature.float_domain.max = seen.num_stats.max
