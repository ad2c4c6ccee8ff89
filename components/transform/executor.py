"""Analyses examples on this machine, without Beam."""

from __future__ import annotations

import functools
import os
import tempfile

import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_transform.tf_metadata import metadata_io
from tensorflow_transform.tf_metadata.dataset_metadata import DatasetMetadata
from tfx import types
from tfx.components.schema_gen.executor import DEFAULT_FILE_NAME
from tfx.dsl.components.base import base_executor
from tfx.types import artifact_utils
from tfx.utils import io_utils

from components.shared.artifacts import Artifacts, Properties
from components.transform.analysis import analyze, save
from config.examples import TRAIN
from transform.preprocessing import preprocessing_fn

# Examples parsed at a time.
_BATCH = 4096


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
        function = functools.partial(
            preprocessing_fn, custom_config={"part": exec_properties["part"]}
        )
        with tempfile.TemporaryDirectory(prefix="ctr-transform-") as folder:
            results = analyze(function, spec, _training_records(examples), folder)
            save(function, spec, results, folder, graph)


def _copy_schema(uri: str, graph: str) -> None:
    """The layout of the raw features is a part of the graph."""
    file = os.path.join(uri, DEFAULT_FILE_NAME)
    schema = io_utils.parse_pbtxt_file(file, schema_pb2.Schema())
    folder = os.path.join(graph, tft.TFTransformOutput.RAW_METADATA_DIR)
    metadata_io.write_metadata(DatasetMetadata(schema), folder)


def _training_records(examples: types.Artifact) -> tf.data.Dataset:
    """Batches of serialized tf.Examples, always in the same order."""
    uri = artifact_utils.get_split_uri([examples], TRAIN)
    files = tf.io.gfile.glob(io_utils.all_files_pattern(uri))
    return tf.data.TFRecordDataset(sorted(files), "GZIP").batch(_BATCH)
