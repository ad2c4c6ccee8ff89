"""Validates statistics by TensorFlow Data Validation."""

from __future__ import annotations

import logging
import os

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.example_validator.anomalies import Examined, anomalies_of
from components.example_validator.record import Anomaly
from components.example_validator.slices import check_slices
from components.shared.artifacts import VALIDATED_STATISTICS, Artifacts, Properties
from config.errors import GateError
from config.parts import ExampleValidatorPart

_log = logging.getLogger(__name__)

# The name that TFX's own ExampleValidator gives the file.
_ANOMALIES_FILE = "SchemaDiff.pb"


class ExampleValidatorExecutor(base_executor.BaseExecutor):
    """Validates every split, then looks for the slices of the configuration."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Validates the examples.

        Raises:
          GateError: An anomaly has error severity; the message holds it in words.
          InputError: The schema lacks a feature whose drift or skew is bounded.
          ConfigError: A slice that the configuration names occurs nowhere.
        """
        part = ExampleValidatorPart.model_validate_json(exec_properties["part"])
        examined = Examined(input_dict)
        found = examined.anomalies(part)
        statistics = artifact_utils.get_single_instance(input_dict["statistics"])
        anomalies = artifact_utils.get_single_instance(output_dict["anomalies"])
        anomalies.split_names = statistics.split_names
        anomalies.set_int_custom_property(VALIDATED_STATISTICS, statistics.id)
        listed: list[Anomaly] = []
        for split, of_split in found.items():
            _write_anomalies(anomalies, split, of_split)
            listed += anomalies_of(split, of_split)
        errors = [each.in_words() for each in listed if each.is_error]
        if errors:
            raise GateError(
                f"ExampleValidator found anomalies: {'; '.join(errors)}; correct the "
                "examples, or change the schema (validation.schema_file), the "
                "severities (validation.anomalies) or the thresholds "
                "(validation.drift, validation.skew)"
            )
        _log.info("no anomaly of error severity, %d of warning severity", len(listed))
        check_slices(part, examined.statistics.values())


def _write_anomalies(
    artifact: types.Artifact, split: str, anomalies: anomalies_pb2.Anomalies
) -> None:
    folder = artifact_utils.get_split_uri([artifact], split)
    io_utils.write_bytes_file(
        os.path.join(folder, _ANOMALIES_FILE), anomalies.SerializeToString()
    )
