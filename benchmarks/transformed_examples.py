"""Simulated examples as Transform leaves them, for benchmarks of training."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tensorflow as tf
import tensorflow_transform as tft
from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

from config.training import Training
from trainer.data.dataset import TrainingData, training_data
from trainer.data.inputs import IdInput, ModelInputs

Array: TypeAlias = npt.NDArray[Any]

_IDS = 10
_NUMBERS = 4
_NUM_IDS = 10_000
# Lists hold none to four values.
_LONGEST_LIST = 4
_SIZE = 16
_LABEL = "click"
_CLICK_RATE = 0.2
_WRITTEN_AT_A_TIME = 50_000


INPUTS = ModelInputs(
    ids=(
        *(IdInput(f"id{number}", _NUM_IDS, _SIZE) for number in range(_IDS)),
        IdInput("list", _NUM_IDS, _SIZE, multivalued=True),
    ),
    numbers=tuple(f"number{n}" for n in range(_NUMBERS)),
)


def read_examples(
    folder: Path, batch_size: int
) -> contextlib.AbstractContextManager[TrainingData]:
    """Reads them as the Trainer does.

    Args:
      folder: Folder of the file.
      batch_size: Examples in a batch.
    """
    # Next to nothing is held out, so that the rates are those of all examples.
    training = Training(batch_size=batch_size, validation_fraction=0.001)
    patterns = [str(folder / "*.gz")]
    layout = SimpleNamespace(
        raw_feature_spec=_feature_spec, transform_features_layer=lambda: dict
    )
    transform = cast(tft.TFTransformOutput, layout)
    return training_data(patterns, INPUTS, _LABEL, transform, training)


def _feature_spec() -> dict[str, Any]:
    numbers = [*INPUTS.numbers, _LABEL]
    spec = {name: tf.io.FixedLenFeature([], tf.float32) for name in numbers}
    for column in INPUTS.ids:
        one = tf.io.FixedLenFeature([], tf.int64)
        several = tf.io.VarLenFeature(tf.int64)
        spec[column.name] = several if column.multivalued else one
    return spec


def write_examples(folder: Path, rows: int) -> None:
    """Writes simulated examples as Transform does.

    Args:
      folder: Folder of the file.
      rows: Number of examples.
    """
    folder.mkdir()
    random = np.random.default_rng(1)
    encoder = RecordBatchToExamplesEncoder()
    with tf.io.TFRecordWriter(str(folder / "examples.gz"), "GZIP") as writer:
        for start in range(0, rows, _WRITTEN_AT_A_TIME):
            count = min(_WRITTEN_AT_A_TIME, rows - start)
            for record in encoder.encode(_examples(count, random)):
                writer.write(record)


def _examples(count: int, random: np.random.Generator) -> pa.RecordBatch:
    one = np.ones(count, np.int64)
    clicks = random.random(count) < _CLICK_RATE
    columns = {_LABEL: _lists(clicks.astype(np.float32), one)}
    for name in INPUTS.numbers:
        columns[name] = _lists(random.standard_normal(count, np.float32), one)
    for column in INPUTS.ids:
        several = random.integers(0, _LONGEST_LIST, count, endpoint=True)
        lengths = several if column.multivalued else one
        values = random.integers(1, _NUM_IDS, int(lengths.sum()))
        columns[column.name] = _lists(values, lengths)
    return pa.RecordBatch.from_pydict(columns)


def _lists(values: Array, lengths: Array) -> pa.Array:
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return pa.LargeListArray.from_arrays(pa.array(offsets), pa.array(values))
