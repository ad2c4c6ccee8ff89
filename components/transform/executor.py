"""Analyses examples on this machine, without Beam."""

from __future__ import annotations

import functools
import os
import tempfile

import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import metadata_io
from tensorflow_transform.tf_metadata.dataset_metadata import DatasetMetadata
from tfx.components.schema_gen.executor import DEFAULT_FILE_NAME
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.shared.artifacts import Artifacts, Properties
from components.shared.result_cache import cache_beside
from components.shared.shards import shards_of
from components.transform.analysis import Analysis, save
from config.examples import TRAIN
from transform.preprocessing import preprocessing_fn


class TransformExecutor(base_executor.BaseExecutor):
    """Writes the graph that TFX's Transform does."""

    def Do(
        self, input_dict: Artifacts, output_dict: Artifacts, exec_properties: Properties
    ) -> None:
        """Analyses the training split and saves the graph."""
        examples = artifact_utils.get_single_instance(input_dict["examples"])
        graph = artifact_utils.get_single_uri(output_dict["transform_graph"])
        _copy_schema(artifact_utils.get_single_uri(input_dict["schema"]), graph)
        spec = tft.TFTransformOutput(graph).raw_feature_spec()
        part = exec_properties["part"]
        function = functools.partial(preprocessing_fn, custom_config={"part": part})
        cache = cache_beside(
            artifact_utils.get_single_instance(output_dict["transform_graph"]),
            exec_properties,
        )
        # Not the schema, whose domains change with the examples.
        context = [exec_properties["code"], part, repr(sorted(spec.items()))]
        with tempfile.TemporaryDirectory(prefix="ctr-transform-") as folder:
            analysis = Analysis(function, spec, folder)
            accumulated = cache.of_files(
                shards_of(examples, TRAIN), context, analysis.accumulate_files
            )
            save(function, spec, analysis.results(accumulated), folder, graph)


def _copy_schema(uri: str, graph: str) -> None:
    """The layout of the raw features is a part of the graph."""
    file = os.path.join(uri, DEFAULT_FILE_NAME)
    schema = io_utils.parse_pbtxt_file(file, schema_pb2.Schema())
    folder = os.path.join(graph, tft.TFTransformOutput.RAW_METADATA_DIR)
    metadata_io.write_metadata(DatasetMetadata(schema), folder)
