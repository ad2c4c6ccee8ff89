"""Infers the schema from the training split."""

from __future__ import annotations

import os

from tfx.components.schema_gen.executor import DEFAULT_FILE_NAME
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.schema_gen.infer import infer_schema
from components.shared.artifacts import Artifacts, Properties
from components.shared.statistics import read_statistics
from config.examples import TRAIN


class InferredSchemaGenExecutor(base_executor.BaseExecutor):
    """Writes the schema where TFX's own SchemaGen does."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Infers the schema."""
        statistics = artifact_utils.get_single_instance(input_dict["statistics"])
        schema = infer_schema(read_statistics(statistics, TRAIN))
        folder = artifact_utils.get_single_uri(output_dict["schema"])
        io_utils.write_pbtxt_file(os.path.join(folder, DEFAULT_FILE_NAME), schema)
