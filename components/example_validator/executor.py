"""Validates statistics by TensorFlow Data Validation, and says it in words."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Any, TypeAlias

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.artifacts import VALIDATED_STATISTICS
from pipeline.config.examples import TRAIN
from pipeline.config.parts.example_validator import ValidatorPart
from pipeline.errors import GateError, InputError

_log = logging.getLogger(__name__)

# The name that TFX's own ExampleValidator gives the file.
_ANOMALIES_FILE = "SchemaDiff.pb"
_STATISTICS_FILE = "FeatureStats.pb"

Statistics: TypeAlias = statistics_pb2.DatasetFeatureStatisticsList


class ExampleValidatorExecutor(base_executor.BaseExecutor):
    """Validates every split; the training split also for drift and skew."""

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Validates the examples.

        Raises:
          GateError: An anomaly has error severity; the message holds it in words.
          InputError: The schema lacks a feature whose drift or skew is bounded.
        """
        part = ValidatorPart.model_validate_json(exec_properties["part"])
        statistics = artifact_utils.get_single_instance(input_dict["statistics"])
        references = {
            "previous_statistics": _reference(input_dict, "previous_statistics", TRAIN),
            "serving_statistics": _reference(input_dict, "serving_statistics", None),
        }
        schema = _read_schema(
            input_dict["schema"], part, _features_of(references["previous_statistics"])
        )
        anomalies = artifact_utils.get_single_instance(output_dict["anomalies"])
        anomalies.split_names = statistics.split_names
        anomalies.set_int_custom_property(VALIDATED_STATISTICS, statistics.id)
        errors = []
        for split in artifact_utils.decode_split_names(statistics.split_names):
            found = tfdv.validate_statistics(
                _read_statistics(statistics, split),
                schema,
                **(references if split == TRAIN else {}),
            )
            _write_anomalies(anomalies, split, found)
            errors += [f"{split}: {words}" for words in _errors(found)]
        if errors:
            raise GateError(
                f"ExampleValidator found anomalies: {'; '.join(errors)}; correct the "
                "examples, or change the schema (validation.schema_file) or the "
                "thresholds (validation.drift, validation.skew)"
            )
        _log.info("no anomaly of error severity")


def _read_schema(
    artifacts: list[types.Artifact], part: ValidatorPart, known_before: AbstractSet[str]
) -> schema_pb2.Schema:
    """The schema, with the thresholds of the configuration.

    A feature that the run before did not have yet cannot have drifted.
    """
    uri = artifact_utils.get_single_uri(artifacts)
    schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(uri))
    for name, threshold in part.drift.items():
        comparator = _feature(schema, name).drift_comparator
        if name in known_before:
            comparator.jensen_shannon_divergence.threshold = threshold
    for name, threshold in (part.skew.thresholds if part.skew else {}).items():
        comparator = _feature(schema, name).skew_comparator
        comparator.jensen_shannon_divergence.threshold = threshold
    return schema


def _feature(schema: schema_pb2.Schema, name: str) -> schema_pb2.Feature:
    try:
        return tfdv.get_feature(schema, name)
    except ValueError as error:
        raise InputError(
            f"features.{name}: the schema has no such feature, so its drift or skew "
            "cannot be measured; either no example holds a value of it, or "
            "validation.schema_file leaves it out"
        ) from error


def _reference(
    input_dict: dict[str, list[types.Artifact]], key: str, split: str | None
) -> Statistics | None:
    """Statistics to compare with; None where this run has none."""
    if not input_dict.get(key):
        return None
    statistics = artifact_utils.get_single_instance(input_dict[key])
    splits = artifact_utils.decode_split_names(statistics.split_names)
    return _read_statistics(statistics, split or splits[0])


def _features_of(statistics: Statistics | None) -> set[str]:
    if statistics is None:
        return set()
    return {
        feature.path.step[0]
        for dataset in statistics.datasets
        for feature in dataset.features
    }


def _read_statistics(statistics: types.Artifact, split: str) -> Statistics:
    folder = artifact_utils.get_split_uri([statistics], split)
    return tfdv.load_stats_binary(os.path.join(folder, _STATISTICS_FILE))


def _write_anomalies(
    artifact: types.Artifact, split: str, anomalies: anomalies_pb2.Anomalies
) -> None:
    folder = artifact_utils.get_split_uri([artifact], split)
    io_utils.write_bytes_file(
        os.path.join(folder, _ANOMALIES_FILE), anomalies.SerializeToString()
    )


def _errors(anomalies: anomalies_pb2.Anomalies) -> Iterator[str]:
    for name, info in sorted(anomalies.anomaly_info.items()):
        if info.severity == anomalies_pb2.AnomalyInfo.ERROR:
            yield f"feature {name!r}: {_in_words(info)}"
    overall = anomalies.dataset_anomaly_info
    if overall.severity == anomalies_pb2.AnomalyInfo.ERROR:
        yield f"the data set: {_in_words(overall)}"


def _in_words(info: anomalies_pb2.AnomalyInfo) -> str:
    """TFDV's own words, which hold the figures."""
    words = [reason.description for reason in info.reason] or [info.description]
    return "; ".join(" ".join(text.split()).rstrip(".") for text in words)
