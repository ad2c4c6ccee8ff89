"""Serves the candidate, compares its predictions, and blesses it."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path

from tfx import types
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils, path_utils

from components.infra_validator.requests import read_examples, write_warm_up
from components.infra_validator.validate import validate
from components.shared.artifacts import Artifacts, Properties
from config.examples import EVAL
from config.parts import InfraValidatorPart

_log = logging.getLogger(__name__)

_LOG_FILE = "server.log"

# Names of TFX's InfraValidator (tfx/components/infra_validator/executor.py).
_BLESSED_KEY = "blessed"
_BLESSED_FILE = "INFRA_BLESSED"
_NOT_BLESSED_FILE = "INFRA_NOT_BLESSED"


class InfraValidatorExecutor(base_executor.BaseExecutor):
    """Blesses a candidate that is served as it predicts, and fast enough."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Writes the blessing, what was measured, and requests to warm up with."""
        part = InfraValidatorPart.model_validate_json(exec_properties["part"])
        model = artifact_utils.get_single_uri(input_dict["model"])
        split = artifact_utils.get_split_uri(input_dict["examples"], EVAL)
        with tempfile.TemporaryDirectory(prefix="ctr-infra-") as folder:
            validated = validate(
                path_utils.serving_model_path(model),
                read_examples(split, part.validation.rows),
                part,
                Path(folder),
            )
        blessing = artifact_utils.get_single_instance(output_dict["infra_blessing"])
        validated.record.write(blessing.uri)
        write_warm_up(validated.warm_up, blessing.uri)
        io_utils.write_string_file(os.path.join(blessing.uri, _LOG_FILE), validated.log)
        _bless(blessing, validated.record.passed)
        for line in validated.record.in_words():
            _log.info("%s", line)


def _bless(blessing: types.Artifact, passed: bool) -> None:
    name = _BLESSED_FILE if passed else _NOT_BLESSED_FILE
    io_utils.write_string_file(os.path.join(blessing.uri, name), "")
    blessing.set_int_custom_property(_BLESSED_KEY, int(passed))
