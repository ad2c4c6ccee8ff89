"""Files of tf.Examples, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import tensorflow as tf

from components.statistics_gen import batches as batches_module
from components.statistics_gen.batches import read_batches

ROWS = 47


def example(row: int) -> bytes:
    """Every third row has a `third`; the first thirty have no `late`."""
    values = {"row": [row]} | ({"third": [row, -row]} if row % 3 == 0 else {})
    values |= {"late": [row]} if row >= 30 else {}
    features = {
        name: tf.train.Feature(int64_list=tf.train.Int64List(value=value))
        for name, value in values.items()
    }
    return tf.train.Example(
        features=tf.train.Features(feature=features)
    ).SerializeToString()


@pytest.fixture
def files(
    tmp_path: Path, write_records: Callable[[Path, Sequence[bytes]], None]
) -> list[str]:
    """Rows in two files and an empty one."""
    parts = {"a": range(10), "b": range(0), "c": range(10, ROWS)}
    for name, rows in parts.items():
        write_records(tmp_path / name, [example(row) for row in rows])
    return [str(tmp_path / name) for name in parts]


@pytest.mark.parametrize(("batch", "block"), [(100, 100), (10, 4), (7, 7), (1, 1)])
def test_every_row_comes_once_and_in_order(
    files: list[str], monkeypatch: pytest.MonkeyPatch, batch: int, block: int
):
    monkeypatch.setattr(batches_module, "_BATCH", batch)
    monkeypatch.setattr(batches_module, "_BLOCK", block)
    read = [batch.to_pylist() for _, batch in read_batches(files)]
    assert max(map(len, read)) <= batch
    rows = [row for part in read for row in part]
    numbered = [(file, len(batch)) for file, batch in read_batches(files)]
    lengths = [sum(n for of, n in numbered if of == file) for file in range(3)]
    assert lengths == [10, 0, ROWS - 10]
    assert [row["row"] for row in rows] == [[n] for n in range(ROWS)]
    third = [[n, -n] if n % 3 == 0 else None for n in range(ROWS)]
    assert [row.get("third") for row in rows] == third
    late = [[n] if n >= 30 else None for n in range(ROWS)]
    assert [row.get("late") for row in rows] == late


def test_rows_without_any_feature_count(
    tmp_path: Path, write_records: Callable[[Path, Sequence[bytes]], None]
):
    write_records(tmp_path / "empty", [tf.train.Example().SerializeToString()] * 1500)
    ((_, batch),) = read_batches([str(tmp_path / "empty")])
    assert batch.num_rows == 1500


def test_no_file_has_no_batch():
    assert list(read_batches([])) == []
