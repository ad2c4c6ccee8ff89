"""Small files of examples in all formats, and what ExampleGen makes of them."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import tensorflow as tf
from tfx import types

from components.example_gen.canonical import canonical_batch
from components.example_gen.readers import read_tables
from config.errors import InputError
from config.examples import Label
from config.features import RawColumn
from config.parts import ExampleGenPart

Row = dict[str, list[Any]]

FORMATS = {".csv": "csv", ".parquet": "parquet", ".tfrecord": "tfrecord"}


@pytest.fixture(scope="session")
def make_part() -> Callable[..., ExampleGenPart]:
    """A part with a number, a string and a label, and what a test changes in it."""

    def _make_part(path: str = "examples.csv", **changes: Any) -> ExampleGenPart:
        suffix = Path(path.removesuffix(".gz")).suffix
        return ExampleGenPart(
            **{
                "format": FORMATS[suffix],
                "missing_values": ("",),
                "columns": {
                    "age": RawColumn(type="float"),
                    "city": RawColumn(type="string"),
                },
                "label": Label(column="click"),
                **changes,
            }
        )

    return _make_part


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, pa.Table | bytes], Path]:
    """Writes a table in the format of the file's name, or bytes as they are."""

    def _write(name: str, content: pa.Table | bytes) -> Path:
        path = tmp_path / name
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif ".csv" in name:
            stream = io.BytesIO()
            pa_csv.write_csv(content, stream)
            data = stream.getvalue()
            path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        elif ".parquet" in name:
            pq.write_table(content, path)
        else:
            _write_tfrecord(path, content)
        return path

    return _write


@pytest.fixture
def read(make_part: Callable[..., ExampleGenPart]) -> Callable[..., list[Row]]:
    """The examples of a file: for each row, the features it has."""

    def _read(path: Path, **changes: Any) -> list[Row]:
        part = make_part(path.name, **changes)
        return [
            {name: values for name, values in row.items() if values is not None}
            for table in read_tables(str(path), part)
            for row in canonical_batch(table, part).to_pylist()
        ]

    return _read


@pytest.fixture(scope="session")
def rows_of() -> Callable[[types.Artifact, str], list[Row]]:
    """The examples of a split, in the order of files and rows."""
    return _rows_of


@pytest.fixture
def problem(read: Callable[..., list[Row]]) -> Callable[..., str]:
    """What a person is told about a file, without its name."""

    def _problem(path: Path, **changes: Any) -> str:
        with pytest.raises(InputError) as caught:
            read(path, **changes)
        message = str(caught.value)
        assert len(message.splitlines()) == 1
        assert message.count(str(path)) == 1
        return message.removeprefix(f"{path}: ")

    return _problem


def _rows_of(examples: types.Artifact, split: str) -> list[Row]:
    folder = Path(examples.uri, f"Split-{split}")
    paths = sorted(str(path) for path in folder.iterdir())
    records = tf.data.TFRecordDataset(paths, compression_type="GZIP")
    return [_as_row(record) for record in records.as_numpy_iterator()]


def _as_row(record: bytes) -> Row:
    """The features of an example; one without even a type is absent."""
    features = tf.train.Example.FromString(record).features.feature
    return {
        name: list(getattr(feature, kind).value)
        for name, feature in features.items()
        if (kind := feature.WhichOneof("kind"))
    }


def _write_tfrecord(path: Path, table: pa.Table) -> None:
    compression = "GZIP" if path.suffix == ".gz" else ""
    with tf.io.TFRecordWriter(str(path), compression) as writer:
        for row in table.to_pylist():
            features = {
                name: _feature(value)
                for name, value in row.items()
                if value is not None
            }
            example = tf.train.Example(features=tf.train.Features(feature=features))
            writer.write(example.SerializeToString())


def _feature(value: Any) -> tf.train.Feature:
    values = value if isinstance(value, list) else [value]
    if all(isinstance(one, str) for one in values):
        texts = tf.train.BytesList(value=[one.encode() for one in values])
        return tf.train.Feature(bytes_list=texts)
    if all(isinstance(one, int) for one in values):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Feature(float_list=tf.train.FloatList(value=values))
