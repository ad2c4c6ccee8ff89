"""Logged requests as examples again, in the form that ExampleGen gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_metadata.proto.v0 import schema_pb2
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
from tfx_bsl.coders import example_coder

from config.errors import InputError
from config.features import RawColumn
from config.signatures import EXAMPLES, PREDICT
from config.values.lists import flat, flattened, lists
from transform.texts import canonical_texts

# Each feature that is looked at.
RawColumns: TypeAlias = Mapping[str, RawColumn]

# NumPy's names.
_KINDS = {"float": "f", "string": "O"}
_SCHEMA_TYPES = {"float": schema_pb2.FLOAT, "string": schema_pb2.BYTES}
_ANOTHER_MODEL = "requests about another model"

# The tensors of a request by name.
Tensors: TypeAlias = Mapping[str, Any]


class Requests:
    """Reads requests.

    Attributes:
      names: The features that are looked at.
    """

    def __init__(self, columns: RawColumns):
        self.names = columns.keys()
        self._columns = columns
        schema = schema_pb2.Schema()
        for name, column in columns.items():
            schema.feature.add(name=name, type=_SCHEMA_TYPES[column.type])
        self._decoder = example_coder.ExamplesToRecordBatchDecoder(
            schema.SerializeToString()
        )

    def batches(
        self, records: Sequence[bytes]
    ) -> Iterator[tuple[pa.RecordBatch, Sequence[bytes]]]:
        """The rows that models were asked about.

        Yields:
          Rows of the features that are looked at, and the serialised tf.Examples that
          they were, if they were some.

        Raises:
          InputError: It is no log of requests, or of those of another model.
        """
        examples: list[bytes] = []
        tensors: list[Tensors] = []
        for number, record in enumerate(records, 1):
            request = _request(number, record)
            if request.model_spec.signature_name == PREDICT:
                tensors.append(_tensors(request))
            else:
                examples += _examples(request)
        if examples:
            yield self._of_examples(examples), examples
        if tensors:
            yield self._of_tensors(tensors), []

    def _of_examples(self, examples: Sequence[bytes]) -> pa.RecordBatch:
        try:
            table = pa.Table.from_batches([self._decoder.DecodeBatch(examples)])
        except RuntimeError as error:
            raise InputError(f"{_ANOTHER_MODEL}: {error}") from error
        return self._batch(table)

    def _of_tensors(self, requests: Sequence[Tensors]) -> pa.RecordBatch:
        columns = {
            name: pa.concat_arrays(
                [_lists(tensors, name, column.type) for tensors in requests]
            )
            for name, column in self._columns.items()
        }
        return self._batch(pa.table(columns))

    def _batch(self, table: pa.Table) -> pa.RecordBatch:
        """A row for each example; what stands for a missing value is none."""
        return pa.RecordBatch.from_pydict(
            {
                name: _present(*flat(table.column(name)), column, table.num_rows)
                for name, column in self._columns.items()
            }
        )


def _request(number: int, record: bytes) -> predict_pb2.PredictRequest:
    try:
        entry = prediction_log_pb2.PredictionLog.FromString(record)
    except DecodeError as error:
        raise InputError(
            f"entry {number} is no PredictionLog; give files that a model server logged"
        ) from error
    kind = entry.WhichOneof("log_type")
    if kind != "predict_log":
        # Models are exported with signatures for Predict only.
        raise InputError(
            f"entry {number}: got {kind or 'no request'}; allowed: PredictionLog of "
            "Predict"
        )
    return entry.predict_log.request


def _examples(request: predict_pb2.PredictRequest) -> list[bytes]:
    """Returns the serialised tf.Examples of a request."""
    if list(request.inputs) != [EXAMPLES]:
        given = ", ".join(sorted(request.inputs)) or "none"
        raise InputError(
            f"{_ANOTHER_MODEL}: got the inputs {given}; expected {EXAMPLES}"
        )
    examples: list[bytes] = tf.make_ndarray(request.inputs[EXAMPLES]).ravel().tolist()
    return examples


def _tensors(request: predict_pb2.PredictRequest) -> Tensors:
    """The tensors of a request, each with a row for each example."""
    tensors = {name: tf.make_ndarray(each) for name, each in request.inputs.items()}
    shapes = {tensor.shape[:1] for tensor in tensors.values()}
    if len(shapes) != 1 or shapes == {()}:
        raise InputError(f"{_ANOTHER_MODEL}: tensors without rows, or not of as many")
    return tensors


def _lists(tensors: Tensors, name: str, kind: str) -> pa.Array:
    """The values of a feature in each example of a request; null where not sent."""
    wanted = pa.float32() if kind == "float" else pa.binary()
    size = len(next(iter(tensors.values())))
    if name not in tensors:
        return pa.nulls(size, pa.list_(wanted))
    tensor = tensors[name]
    if tensor.dtype.kind != _KINDS[kind]:
        raise InputError(f"{_ANOTHER_MODEL}: {name!r} is no {kind}")
    offsets = np.arange(size + 1, dtype=np.int32) * (tensor.size // max(size, 1))
    return pa.ListArray.from_arrays(offsets, pa.array(tensor.ravel(), wanted))


def _present(rows: Any, values: pa.Array, column: RawColumn, size: int) -> pa.Array:
    """A list for each row, of the values that the model sees."""
    if column.type == "float":
        values = values.cast(pa.float32())
        is_there = pc.is_finite(values)
    else:
        if column.delimiter is not None:
            split = pc.split_pattern(values, column.delimiter)
            places, values = flattened(split)
            rows = rows[places]
        values = _texts(values)
        is_there = pc.not_equal(pc.binary_length(values), 0)
    chosen = is_there.to_numpy(zero_copy_only=False).astype(bool)
    return lists(rows[chosen], values.filter(is_there), size)


def _texts(values: pa.Array) -> pa.Array:
    """The texts as the model reads them, whatever notation a client chose: binary."""
    texts = tf.constant(values.to_numpy(zero_copy_only=False), tf.string)
    return pa.array(canonical_texts(texts).numpy(), pa.binary())
