"""The analyzers of a `preprocessing_fn`, evaluated in this process.

All that depends on the inside of TensorFlow Transform (TFT) is in here. When TFT
traces a `preprocessing_fn`, each analyzer leaves a placeholder in the graph, and a
chain of operations that its value comes from: tensors of the graph, their
accumulation, and what is made of it. TFT turns the chains into a Beam pipeline of
many stages; here they are evaluated in one pass over the examples.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow.compute as pc
import tensorflow as tf
import tensorflow_transform as tft
from tensorflow_transform import analyzer_nodes as operations
from tensorflow_transform import annotators, impl_helper
from tensorflow_transform.analyzers import get_empy_vocabulary_dummy_value
from tensorflow_transform.graph_context import TFGraphContext
from tensorflow_transform.nodes import OperationDef
from tensorflow_transform.saved.saved_transform_io_v2 import write_v2_saved_model
from tensorflow_transform.tf_metadata import metadata_io
from tensorflow_transform.tf_metadata.dataset_metadata import DatasetMetadata

from components.shared.shards import by_shard, read_shards
from components.transform.accumulators import Accumulator, Combined, TermCounts

PreprocessingFn = Callable[[Mapping[str, Any]], Mapping[str, Any]]
# Raw features by name, as `tf.io.parse_example` takes them.
Spec = dict[str, Any]
# Values of the placeholders, by name.
Results = dict[str, tf.Tensor]
# States of the accumulators, by name.
States = dict[str, Any]

# Examples parsed at a time.
_BATCH = 4096

# The operations known here, with the options of which only one value is.
_KNOWN: Mapping[type, Mapping[str, Any]] = {
    operations.TensorSource: {},
    operations.CacheableCombineAccumulate: {},
    operations.CacheableCombineMerge: {},
    operations.ExtractCombineMergeOutputs: {},
    operations.VocabularyAccumulate: {"input_dtype": "string"},
    operations.VocabularyMerge: {},
    operations.VocabularyPrune: {
        "key_fn": None,
        "informativeness_threshold": float("-inf"),
    },
    operations.VocabularyCount: {},
    operations.VocabularyOrderAndWrite: {
        "store_frequency": False,
        "fingerprint_shuffle": False,
        "file_format": "text",
    },
}


class _Analyzer:
    """A placeholder, and where its value comes from.

    Attributes:
      placeholder: The tensor.
      source: Tensors of the graph that are analysed.
      key: Name of their accumulation; analyzers may share one.
    """

    def __init__(self, sink: operations.TensorSink):
        self.placeholder: tf.Tensor = sink.tensor
        self._output: int = sink.future.value_index
        source, self._accumulation, *self._rest = _chain(sink)
        assert isinstance(source, operations.TensorSource)
        self.source: tuple[tf.Tensor, ...] = tuple(source.tensors)
        self.key: str = self._accumulation.label
        if self._counts_terms and len(self.source) > 1:
            raise _unknown(self._accumulation)  # Terms with weights or labels.

    @property
    def _counts_terms(self) -> bool:
        return isinstance(self._accumulation, operations.VocabularyAccumulate)

    def accumulator(self) -> Accumulator:
        """An empty accumulator."""
        if self._counts_terms:
            return TermCounts()
        assert isinstance(self._accumulation, operations.CacheableCombineAccumulate)
        return Combined(self._accumulation.combiner)

    def inputs(self) -> tuple[tf.Tensor, ...]:
        """Tensors of the graph that the accumulator takes."""
        if self._counts_terms:
            terms, _, counts = tf.unique_with_counts(*self.source, tf.int64)
            return terms, counts
        return self.source

    def value(self, accumulated: Any, folder: str) -> tf.Tensor:
        """The value of the placeholder; that of a vocabulary is a file in a folder."""
        value = accumulated
        for operation in self._rest:
            value = _apply(operation, value, folder)
        if isinstance(value, list):
            value = value[self._output]
        return tf.constant(value, self.placeholder.dtype)


class Analysis:
    """The analyzers of a `preprocessing_fn`, for examples that are reduced by file."""

    def __init__(self, preprocessing_fn: PreprocessingFn, spec: Spec, folder: str):
        """Traces the function.

        Args:
          preprocessing_fn: Calls TFT's analyzers.
          spec: Specs of the raw features.
          folder: Temporary folder; the vocabularies are left there.

        Raises:
          NotImplementedError: An analyzer is not known here, or takes what another one
            found; the message names it.
        """

        def inputs(batch: tf.Tensor) -> dict[str, tuple[tf.Tensor, ...]]:
            with TFGraphContext(tf.Module(), folder):
                preprocessing_fn(tf.io.parse_example(batch, spec))
            return {each.key: each.inputs() for each in _analyzers(batch.graph)}

        self._folder = folder
        self._inputs = tf.function(
            inputs, [tf.TensorSpec([None], tf.string)], autograph=False
        )
        self._analyzers = _analyzers(self._inputs.get_concrete_function().graph)
        _check_apart(self._analyzers)

    def accumulate_files(self, files: Sequence[str]) -> Iterator[States]:
        """Yields what the examples of each file are reduced to; it can be pickled.

        Args:
          files: Compressed TFRecord files of tf.Examples.
        """
        inputs = tf.autograph.experimental.do_not_convert(
            lambda number, batch: (number, self._inputs(batch))
        )
        records = read_shards(files, _BATCH)
        batches = records.map(inputs, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2)
        for of_file in by_shard(batches.as_numpy_iterator(), len(files)):
            accumulators = self._accumulators()
            for batch in of_file:
                for key, values in batch.items():
                    accumulators[key].add(*values)
            yield {key: each.state() for key, each in accumulators.items()}

    def results(self, accumulated: Iterable[States]) -> Results:
        """What `save` puts in the place of the analyzers.

        Args:
          accumulated: What the examples of each file are reduced to, which is used up.
            The same states in the same order give identical results.
        """
        accumulators = self._accumulators()
        for states in accumulated:
            for key, accumulator in accumulators.items():
                accumulator.merge(states[key])
        values = {key: each.result() for key, each in accumulators.items()}
        return {
            each.placeholder.name: each.value(values[each.key], self._folder)
            for each in self._analyzers
        }

    def _accumulators(self) -> dict[str, Accumulator]:
        return {each.key: each.accumulator() for each in self._analyzers}


def save(
    preprocessing_fn: PreprocessingFn,
    spec: Spec,
    results: Results,
    folder: str,
    path: str,
) -> None:
    """Saves a `preprocessing_fn` with the values of its analyzers.

    Args:
      preprocessing_fn: The function.
      spec: Specs of the raw features.
      results: The values, from an `Analysis`.
      folder: Temporary folder.
      path: Folder of a TransformGraph, which is written as TFT does.
    """
    context = TFGraphContext(tf.Module(), folder, results)
    signature = impl_helper.get_type_specs_from_feature_specs(spec)
    function = impl_helper.get_traced_transform_fn(preprocessing_fn, signature, context)
    model = os.path.join(path, tft.TFTransformOutput.TRANSFORM_FN_DIR)
    traced = write_v2_saved_model(
        context.module_to_export, function, "transform_fn", model
    )
    assert not _analyzers(traced.graph), "preprocessing_fn differs from call to call"
    _write_metadata(traced, path)


def _write_metadata(traced: Any, path: str) -> None:
    """Writes the layout of the columns, and the file names of the vocabularies."""
    spec = {
        name: tf.io.VarLenFeature(column.dtype)
        if isinstance(column, tf.SparseTensor)
        else tf.io.FixedLenFeature(column.shape[1:], column.dtype)
        for name, column in traced.structured_outputs.items()
    }
    folder = os.path.join(path, tft.TFTransformOutput.TRANSFORMED_METADATA_DIR)
    metadata_io.write_metadata(DatasetMetadata.from_feature_spec(spec), folder)
    assets = json.dumps(annotators.get_asset_annotations(traced.graph))
    tf.io.write_file(os.path.join(folder, tft.TFTransformOutput.ASSET_MAP), assets)


def _analyzers(graph: tf.Graph) -> list[_Analyzer]:
    sinks = graph.get_collection(operations.TENSOR_REPLACEMENTS)
    return [_Analyzer(sink) for sink in sinks]


def _chain(sink: operations.TensorSink) -> list[OperationDef]:
    """The operations that lead to a placeholder, the source first."""
    node = sink.future.parent_operation
    chain = [node.operation_def]
    while node.inputs:
        if len(node.inputs) > 1:
            raise _unknown(node.operation_def)
        node = node.inputs[0].parent_operation
        chain.append(node.operation_def)
    for operation in chain:
        options = _KNOWN.get(type(operation))
        if options is None or any(
            getattr(operation, name) != value for name, value in options.items()
        ):
            raise _unknown(operation)
    return chain[::-1]


def _unknown(operation: OperationDef) -> NotImplementedError:
    return NotImplementedError(
        f"{operation.label}: not known to the local Transform; known are vocabularies "
        "of strings by frequency, and what combines values, such as moments and "
        "quantiles; add it to components/transform/analysis.py"
    )


def _check_apart(analyzers: Iterable[_Analyzer]) -> None:
    """Analyzers share a pass over the examples, so that none may wait for another."""
    placeholders = {each.placeholder.op.name for each in analyzers}
    for each in analyzers:
        if placeholders & _ancestors(each.source):
            raise NotImplementedError(
                f"{each.key}: an analyzer of what another analyzer found, which takes "
                "more than one pass over the examples; rewrite preprocessing_fn"
            )


def _ancestors(tensors: Iterable[tf.Tensor]) -> set[str]:
    """Names of the nodes of the graph that tensors are computed from."""
    names: set[str] = set()
    nodes = [tensor.op for tensor in tensors]
    while nodes:
        node = nodes.pop()
        if node.name not in names:
            names.add(node.name)
            nodes += [tensor.op for tensor in node.inputs]
    return names


def _apply(operation: OperationDef, value: Any, folder: str) -> Any:
    """Applies an operation to what was accumulated, or to what became of that."""
    match operation:
        case operations.VocabularyPrune():
            frequent = pc.greater_equal(value["count"], operation.frequency_threshold)
            return value.filter(frequent).slice(0, operation.top_k)
        case operations.VocabularyCount():
            # An empty vocabulary is written with a term that occurs nowhere.
            return max(value.num_rows, 1)
        case operations.VocabularyOrderAndWrite():
            _, nowhere = get_empy_vocabulary_dummy_value(operation.input_dtype)
            path = os.path.join(folder, operation.vocab_filename)
            with tf.io.gfile.GFile(path, "wb") as file:
                for term in value["term"].to_pylist() or [nowhere]:
                    file.write(term + b"\n")
            return path
        case _:  # Of the others, the accumulator has done everything.
            return value
