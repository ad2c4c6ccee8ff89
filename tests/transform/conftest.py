"""preprocessing_fn analysed and applied to rows that a test gives in place."""

from __future__ import annotations

import functools
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf
import tensorflow_transform as tft

from components.transform.analysis import Analysis as Analyzers
from components.transform.analysis import save
from config.features import Cross, Feature, Numeric
from config.parts import TransformPart
from tests.examples import as_example
from transform.preprocessing import preprocessing_fn

LABEL = "click"

Row = Mapping[str, Any]
Spec = dict[str, tf.io.VarLenFeature | tf.io.FixedLenFeature]


@dataclass(frozen=True)
class Analysis:
    """What an analysis left.

    Attributes:
      graph: The folder of the TransformGraph.
      spec: The raw features.
      columns: The transformed columns, in the order of the rows.
    """

    graph: Path
    spec: Spec
    columns: dict[str, list[Any]]

    def column(self, name: str) -> list[Any]:
        """The transformed values of a column; a list each where it is multi-valued."""
        return self.columns[name]

    def serve(self, rows: Sequence[Row]) -> dict[str, list[Any]]:
        """Transforms rows without a label as a served model does, by column."""
        layer = tft.TFTransformOutput(str(self.graph)).transform_features_layer()
        spec = {name: kind for name, kind in self.spec.items() if name != LABEL}
        examples = [as_example(row).SerializeToString() for row in rows]
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
        graph = tmp_path_factory.mktemp("transform_graph")
        labelled = [{**row, LABEL: float(n)} for n, row in enumerate(rows)]
        return Analysis(graph, spec, _run(labelled, spec, part, graph))

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
) -> dict[str, list[Any]]:
    config = {"part": part.model_dump_json()}
    function = functools.partial(preprocessing_fn, custom_config=config)
    examples = [as_example(row).SerializeToString() for row in rows]
    with tempfile.TemporaryDirectory() as folder:
        analysis = Analyzers(function, spec, folder)
        results = analysis.results(analysis.accumulate_files(_shards(examples, folder)))
        save(function, spec, results, folder, str(graph))
    transform = tft.TFTransformOutput(str(graph)).transform_features_layer()
    columns = transform(tf.io.parse_example(examples, spec))
    return {name: _listed(column) for name, column in columns.items()}


def _shards(examples: Sequence[bytes], folder: str) -> list[str]:
    """Writes small files, so that some hold missing values only."""
    size = max(3, len(examples) // 20)
    shards = []
    for start in range(0, len(examples), size):
        shards.append(f"{folder}/{start}.gz")
        with tf.io.TFRecordWriter(shards[-1], "GZIP") as writer:
            for example in examples[start : start + size]:
                writer.write(example)
    return shards


def _listed(column: tf.Tensor | tf.SparseTensor) -> list[Any]:
    if isinstance(column, tf.SparseTensor):
        return tf.RaggedTensor.from_sparse(column).to_list()
    return column.numpy().tolist()
