"""Severities of anomalies under an inferred schema."""

from __future__ import annotations

from typing import TypeAlias

from tensorflow_metadata.proto.v0 import anomalies_pb2

from config.evaluation import Severities

_Info: TypeAlias = anomalies_pb2.AnomalyInfo

_LEVELS = {"ignore": _Info.UNKNOWN, "warning": _Info.WARNING, "error": _Info.ERROR}

# Key of `Severities` for each type of anomaly. All others keep TFDV's severity: drift
# and skew, which have thresholds, those of the label, and those that no inferred schema
# causes, such as of images, sparse features and unique values.
_KEYS = {
    _Info.ENUM_TYPE_UNEXPECTED_STRING_VALUES: "new_values",
    _Info.FLOAT_TYPE_BIG_FLOAT: "out_of_range",
    _Info.FLOAT_TYPE_SMALL_FLOAT: "out_of_range",
    _Info.FEATURE_TYPE_HIGH_NUMBER_VALUES: "out_of_range",
    _Info.FEATURE_TYPE_LOW_FRACTION_PRESENT: "missing_values",
    _Info.FEATURE_TYPE_LOW_NUMBER_PRESENT: "missing_values",
    _Info.FEATURE_TYPE_LOW_NUMBER_VALUES: "missing_values",
    _Info.FEATURE_TYPE_NOT_PRESENT: "missing_values",
    _Info.FEATURE_TYPE_NO_VALUES: "missing_values",
    _Info.SCHEMA_MISSING_COLUMN: "missing_values",
    _Info.ENUM_TYPE_BYTES_NOT_STRING: "new_types",
    _Info.ENUM_TYPE_FLOAT_NOT_STRING: "new_types",
    _Info.ENUM_TYPE_INT_NOT_STRING: "new_types",
    _Info.ENUM_TYPE_INVALID_UTF8: "new_types",
    _Info.FLOAT_TYPE_NON_STRING: "new_types",
    _Info.FLOAT_TYPE_NOT_FLOAT: "new_types",
    _Info.FLOAT_TYPE_STRING_NOT_FLOAT: "new_types",
    _Info.FLOAT_TYPE_UNKNOWN_TYPE_NUMBER: "new_types",
    _Info.SCHEMA_NEW_COLUMN: "new_types",
    _Info.STRING_TYPE_NOW_FLOAT: "new_types",
    _Info.STRING_TYPE_NOW_INT: "new_types",
    _Info.UNEXPECTED_DATA_TYPE: "new_types",
}


def apply_severities(found: anomalies_pb2.Anomalies, severities: Severities) -> None:
    """Sets the severity of each feature's anomalies, and removes ignored ones."""
    for key, info in list(found.anomaly_info.items()):
        levels = [_level(reason.type, info, severities) for reason in info.reason]
        kept = [
            reason
            for reason, level in zip(info.reason, levels, strict=True)
            if level != _Info.UNKNOWN
        ]
        if not kept:
            del found.anomaly_info[key]
            continue
        info.severity = max(levels)
        info.description = "; ".join(reason.description for reason in kept)
        del info.reason[:]
        info.reason.extend(kept)


def _level(kind: int, info: _Info, severities: Severities) -> int:
    key = _KEYS.get(kind)
    return info.severity if key is None else _LEVELS[getattr(severities, key)]
