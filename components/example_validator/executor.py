"""Validates statistics by TensorFlow Data Validation, and says it in words."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator

from tensorflow_metadata.proto.v0 import anomalies_pb2
from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.example_validator.anomalies import Examined, by_name, in_words
from components.shared.artifacts import VALIDATED_STATISTICS, Artifacts, Properties
from config.errors import GateError
from config.parts import ExampleValidatorPart

_log = logging.getLogger(__name__)

# The name that TFX's own ExampleValidator gives the file.
_ANOMALIES_FILE = "SchemaDiff.pb"


class ExampleValidatorExecutor(base_executor.BaseExecutor):
    """Validates every split; the training split also for drift and skew."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Validates the examples.

        Raises:
          GateError: An anomaly has error severity; the message holds it in words.
          InputError: The schema lacks a feature whose drift or skew is bounded.
        """
        part = ExampleValidatorPart.model_validate_json(exec_properties["part"])
        found = Examined(input_dict).anomalies(part)
        statistics = artifact_utils.get_single_instance(input_dict["statistics"])
        anomalies = artifact_utils.get_single_instance(output_dict["anomalies"])
        anomalies.split_names = statistics.split_names
        anomalies.set_int_custom_property(VALIDATED_STATISTICS, statistics.id)
        errors = []
        for split, of_split in found.items():
            _write_anomalies(anomalies, split, of_split)
            errors += [f"{split}: {words}" for words in _errors(of_split)]
        if errors:
            raise GateError(
                f"ExampleValidator found anomalies: {'; '.join(errors)}; correct the "
                "examples, or change the schema (validation.schema_file) or the "
                "thresholds (validation.drift, validation.skew)"
            )
        _log.info("no anomaly of error severity")


def _write_anomalies(
    artifact: types.Artifact, split: str, anomalies: anomalies_pb2.Anomalies
) -> None:
    folder = artifact_utils.get_split_uri([artifact], split)
    io_utils.write_bytes_file(
        os.path.join(folder, _ANOMALIES_FILE), anomalies.SerializeToString()
    )


def _errors(anomalies: anomalies_pb2.Anomalies) -> Iterator[str]:
    for name, info in sorted(by_name(anomalies).items()):
        if info.severity == anomalies_pb2.AnomalyInfo.ERROR:
            yield f"feature {name!r}: {in_words(info)}"
    overall = anomalies.dataset_anomaly_info
    if overall.severity == anomalies_pb2.AnomalyInfo.ERROR:
        yield f"the data set: {in_words(overall)}"
