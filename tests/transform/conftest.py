"""preprocessing_fn run by TensorFlow Transform on rows that a test gives in place."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_transform as tft
import tensorflow_transform.beam as tft_beam
from tensorflow_transform.tf_metadata.dataset_metadata import DatasetMetadata

from config.features import Cross, Feature, Numeric
from config.parts import TransformPart
from transform.preprocessing import preprocessing_fn

LABEL = "click"

Row = Mapping[str, Any]
Spec = dict[str, tf.io.VarLenFeature | tf.io.FixedLenFeature]


@dataclass(frozen=True)
class Analysis:
    """What an analysis left: plain values, since TFT's own crash at exit.

    Attributes:
      graph: The folder of the TransformGraph.
      spec: The raw features.
      rows: The transformed rows, in the order they were given.
    """

    graph: Path
    spec: Spec
    rows: list[dict[str, Any]]

    def column(self, name: str) -> list[Any]:
        """The transformed values of a column; a list each where it is multi-valued."""
        return [row[name] for row in self.rows]

    def serve(self, rows: Sequence[Row]) -> dict[str, list[Any]]:
        """Transforms rows without a label as a served model does, by column."""
        layer = tft.TFTransformOutput(str(self.graph)).transform_features_layer()
        spec = {name: kind for name, kind in self.spec.items() if name != LABEL}
        examples = [_example(row).SerializeToString() for row in rows]
        columns = layer(tf.io.parse_example(examples, spec))
        return {name: _listed(column) for name, column in columns.items()}

    def vocabulary(self, name: str) -> list[str]:
        """The strings of a vocabulary; the first has id 1."""
        output = tft.TFTransformOutput(str(self.graph))
        return [text.decode() for text in output.vocabulary_by_name(name)]


@pytest.fixture(scope="session")
def analyze(
    tmp_path_factory: pytest.TempPathFactory,
) -> Callable[..., Analysis]:
    """Analyses and transforms rows; a feature that a row lacks is missing in it."""

    def _analyze(
        features: Mapping[str, Feature],
        rows: Iterable[Row],
        crosses: Sequence[Cross] = (),
        spec: Spec | None = None,
    ) -> Analysis:
        part = TransformPart(features=features, crosses=tuple(crosses), label=LABEL)
        spec = {**_sparse_spec(features), **(spec or {})}
        # The label numbers the rows, since Beam does not keep their order.
        numbered = [{**row, LABEL: float(n)} for n, row in enumerate(rows)]
        graph = tmp_path_factory.mktemp("transform_graph")
        transformed = _run(numbered, spec, part, graph)
        transformed.sort(key=lambda row: row[LABEL])
        return Analysis(graph, spec, transformed)

    return _analyze


def _sparse_spec(features: Mapping[str, Feature]) -> Spec:
    """The features as a schema that SchemaGen inferred has them."""
    spec: Spec = {
        name: tf.io.VarLenFeature(
            tf.float32 if isinstance(feature, Numeric) else tf.string
        )
        for name, feature in features.items()
    }
    return {**spec, LABEL: tf.io.VarLenFeature(tf.float32)}


def _run(
    rows: Sequence[Row], spec: Spec, part: TransformPart, graph: Path
) -> list[dict[str, Any]]:
    config = {"part": part.model_dump_json()}
    metadata = DatasetMetadata.from_feature_spec(
        {name: _without_default(kind) for name, kind in spec.items()}
    )
    instances = [_instance(row, spec) for row in rows]
    with (
        tempfile.TemporaryDirectory() as temporary,
        # Small batches, so that some hold missing values only.
        tft_beam.Context(temporary, desired_batch_size=max(3, len(rows) // 20)),
    ):
        (transformed, _), transform_fn = (
            instances,
            metadata,
        ) | tft_beam.AnalyzeAndTransformDataset(
            lambda inputs: preprocessing_fn(inputs, config)
        )
        _ = transform_fn | tft_beam.WriteTransformFn(str(graph))
    return [_plain(row) for row in transformed]


def _without_default(
    kind: tf.io.VarLenFeature | tf.io.FixedLenFeature,
) -> tf.io.VarLenFeature | tf.io.FixedLenFeature:
    """Parsing fills defaults in, so TFT does not know them."""
    if isinstance(kind, tf.io.VarLenFeature):
        return kind
    return kind._replace(default_value=None)


def _instance(row: Row, spec: Spec) -> dict[str, Any]:
    """A row as TFT takes it: lists for sparse features, scalars for others."""
    return {
        name: _values(row.get(name))
        if isinstance(kind, tf.io.VarLenFeature)
        else np.reshape(row.get(name, kind.default_value), kind.shape)
        for name, kind in spec.items()
    }


def _values(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: np.asarray(value).tolist() for name, value in row.items()}


def _example(row: Row) -> tf.train.Example:
    features = {}
    for name, value in row.items():
        values = _values(value)
        if not values:
            continue
        if isinstance(values[0], str):
            texts = tf.train.BytesList(value=[text.encode() for text in values])
            features[name] = tf.train.Feature(bytes_list=texts)
        else:
            floats = tf.train.FloatList(value=values)
            features[name] = tf.train.Feature(float_list=floats)
    return tf.train.Example(features=tf.train.Features(feature=features))


def _listed(column: tf.Tensor | tf.SparseTensor) -> list[Any]:
    if isinstance(column, tf.SparseTensor):
        return tf.RaggedTensor.from_sparse(column).to_list()
    return column.numpy().tolist()
