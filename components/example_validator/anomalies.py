"""Anomalies by TensorFlow Data Validation."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from typing import Literal

import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.example_validator.descriptions import by_name, describe, in_words
from components.example_validator.record import Anomaly
from components.example_validator.severities import apply_severities
from components.shared.artifacts import Artifacts
from components.shared.statistics import (
    Statistics,
    by_feature,
    has_values,
    read_statistics,
)
from config.errors import InputError
from config.examples import TRAIN
from config.names import as_key
from config.parts import ExampleValidatorPart


class Examined:
    """Statistics and schema of a run, and the statistics to compare with.

    Attributes:
      statistics: Statistics by split.
      schema: Schema of the examples.
      previous: Statistics of the training split of the run, or the span, before, for
        drift.
      serving: Statistics of examples logged while serving, for skew.
    """

    def __init__(self, artifacts: Artifacts):
        """Reads the artifacts, by the names of the ExampleValidator's inputs."""
        statistics = artifact_utils.get_single_instance(artifacts["statistics"])
        splits = artifact_utils.decode_split_names(statistics.split_names)
        self.statistics = {
            split: read_statistics(statistics, split) for split in splits
        }
        uri = artifact_utils.get_single_uri(artifacts["schema"])
        self.schema = io_utils.SchemaReader().read(io_utils.get_only_uri_in_dir(uri))
        self.previous = _reference(artifacts, "previous_statistics", TRAIN)
        self.serving = _reference(artifacts, "serving_statistics", None)

    def anomalies(
        self, part: ExampleValidatorPart
    ) -> dict[str, anomalies_pb2.Anomalies]:
        """Finds the anomalies by split; the training split is compared with references.

        Raises:
          InputError: The schema lacks a feature whose drift or skew is bounded.
        """
        schema = _with_thresholds(self.schema, part, by_feature(self.previous).keys())
        found = {split: self._validate(split, schema) for split in self.statistics}
        if part.anomalies is not None:
            for split, of_split in found.items():
                describe(of_split, self.statistics[split], schema)
                apply_severities(of_split, part.anomalies)
        return found

    def distances(self) -> anomalies_pb2.Anomalies:
        """Measures drift and skew of all features, whatever their thresholds."""
        schema = schema_pb2.Schema()
        schema.CopyFrom(self.schema)
        previous, serving = by_feature(self.previous), by_feature(self.serving)
        for feature in schema.feature:
            # The largest divergence there is.
            if feature.name in previous:
                feature.drift_comparator.jensen_shannon_divergence.threshold = 1.0
            if feature.name in serving:
                feature.skew_comparator.jensen_shannon_divergence.threshold = 1.0
        return self._validate(TRAIN, schema)

    def _validate(
        self, split: str, schema: schema_pb2.Schema
    ) -> anomalies_pb2.Anomalies:
        statistics = self.statistics[split]
        if split != TRAIN:
            return tfdv.validate_statistics(statistics, schema)
        found = tfdv.validate_statistics(
            statistics,
            schema,
            previous_statistics=self.previous,
            serving_statistics=self.serving,
        )
        _add_unmeasured(found, schema, "drift", statistics, self.previous)
        _add_unmeasured(found, schema, "skew", statistics, self.serving)
        return found


def anomalies_of(split: str, found: anomalies_pb2.Anomalies) -> Iterator[Anomaly]:
    """Yields the anomalies of a split, one for each feature."""
    infos: list[tuple[str | None, anomalies_pb2.AnomalyInfo]] = [
        *sorted(by_name(found).items())
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


def _add_unmeasured(
    found: anomalies_pb2.Anomalies,
    schema: schema_pb2.Schema,
    kind: Literal["drift", "skew"],
    statistics: Statistics,
    reference: Statistics | None,
) -> None:
    """Adds an error for each bounded feature that has values on one side only.

    TFDV measures no divergence of such a feature, so it would pass any threshold.
    """
    now, then = by_feature(statistics), by_feature(reference)
    for feature in schema.feature:
        sides = [side[feature.name] for side in (now, then) if feature.name in side]
        bounded = feature.HasField(f"{kind}_comparator")
        if not bounded or len({has_values(side) for side in sides}) < 2:
            continue
        info = found.anomaly_info[feature.name]
        info.path.step[:] = [feature.name]
        info.severity = anomalies_pb2.AnomalyInfo.ERROR
        has, lacks = "the training split", "what it is compared with"
        if has_values(then[feature.name]):
            has, lacks = lacks, has
        info.reason.add(
            type=anomalies_pb2.AnomalyInfo.COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH,
            short_description="Values on one side only",
            description=f"Its {kind} is undefined: {has} has values, {lacks} has none.",
        )


def _with_thresholds(
    inferred: schema_pb2.Schema,
    part: ExampleValidatorPart,
    known_before: AbstractSet[str],
) -> schema_pb2.Schema:
    """The schema, with the thresholds of the configuration.

    A feature that the run before did not have yet cannot have drifted.
    """
    schema = schema_pb2.Schema()
    schema.CopyFrom(inferred)
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
            f"features.{as_key(name)}: the schema has no such feature, so its drift or "
            "skew cannot be measured; no training example holds a value of it, or "
            "validation.schema_file leaves it out"
        ) from error


def _reference(artifacts: Artifacts, key: str, split: str | None) -> Statistics | None:
    """Statistics to compare with; None where this run has none."""
    if not artifacts.get(key):
        return None
    statistics = artifact_utils.get_single_instance(artifacts[key])
    splits = artifact_utils.decode_split_names(statistics.split_names)
    return read_statistics(statistics, split or splits[0])
