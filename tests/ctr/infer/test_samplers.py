"""Samples of files whose rows are sorted."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import tensorflow as tf

from config.errors import InputError
from config.examples import CsvFormat
from ctr.infer import infer_config
from ctr.infer.samplers import (
    Draw,
    Limits,
    Part,
    sample_csv,
    sample_parquet,
    sample_tfrecord,
)

ROWS = 40_000
# A tenth of the file and less.
LIMITS = Limits(rows=2_000, bytes=50_000)
WIDE = Limits(rows=2_000, bytes=1 << 30)


def table(text: str = "") -> pd.DataFrame:
    """Rows sorted by user and by label, of about 20 bytes."""
    rows = np.arange(ROWS)
    return pd.DataFrame(
        {
            "row": rows,
            "user": [f"u{row // 10:04d}" for row in rows],
            "click": (rows > 0.9 * ROWS).astype(int),
            "text": text,
        }
    )


def is_spread(part: Part) -> bool:
    """Whether as many rows are of each tenth of the file, and none is there twice."""
    rows = np.array(part.table["row"].to_pylist(), np.int64)
    tenths = np.bincount(rows * 10 // ROWS, minlength=10) / len(rows)
    return (
        1_000 <= len(rows) <= LIMITS.rows
        and bool(np.all(np.diff(rows) > 0))
        and bool(np.all(np.abs(tenths - 0.1) < 0.05))
    )


@pytest.mark.parametrize("limits", [LIMITS, WIDE], ids=["places", "whole"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_lines_are_of_all_the_file(tmp_path: Path, limits: Limits, end: str):
    path = tmp_path / "a.csv"
    table().to_csv(path, index=False, lineterminator=end)
    part = sample_csv(path, limits, CsvFormat())
    assert is_spread(part)
    assert part.rows == pytest.approx(ROWS, rel=0.05)
    assert not part.is_start
    # No row is a part of one.
    found = part.table.to_pandas().astype({"row": int, "click": int})
    expected = table().loc[found["row"]].reset_index(drop=True)
    pd.testing.assert_frame_equal(found.fillna(""), expected)
    assert part.table.equals(sample_csv(path, limits, CsvFormat()).table)


def test_lines_without_a_header(tmp_path: Path):
    path = tmp_path / "a.csv"
    table().to_csv(path, index=False, header=False)
    csv_format = CsvFormat(columns=("row", "user", "click", "text"))
    assert is_spread(sample_csv(path, LIMITS, csv_format))


def test_a_line_inside_of_a_value_is_never_taken_for_a_row(tmp_path: Path):
    path = tmp_path / "a.csv"
    table("so\n9,u9,9,9").to_csv(path, index=False)
    csv_format = CsvFormat(newlines_in_values="allow")
    part = sample_csv(path, LIMITS, csv_format)
    assert part.is_start
    assert set(part.table["text"].to_pylist()) == {"so\n9,u9,9,9"}


def test_a_damaged_line_is_told_by_its_number(tmp_path: Path):
    lines = table().to_csv(index=False).splitlines()
    lines[1_500::100] = [line + ",more" for line in lines[1_500::100]]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match="line 1501"):
        sample_csv(path, LIMITS, CsvFormat())


def test_compressed_text_is_read_from_its_start(tmp_path: Path):
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(table().to_csv(index=False).encode()))
    assert is_spread(sample_csv(path, WIDE, CsvFormat()))
    assert sample_csv(path, Limits(2_000, 50_000), CsvFormat()).is_start


@pytest.mark.parametrize("limits", [LIMITS, WIDE], ids=["part", "whole"])
def test_rows_are_of_row_groups_all_over(tmp_path: Path, limits: Limits):
    path = tmp_path / "a.parquet"
    table().to_parquet(path, row_group_size=1_000)
    part = sample_parquet(path, limits)
    assert is_spread(part)
    assert (part.rows, part.is_start) == (ROWS, False)


def test_one_large_row_group_is_read_from_its_start(tmp_path: Path):
    path = tmp_path / "a.parquet"
    table().to_parquet(path)
    assert is_spread(sample_parquet(path, WIDE))
    assert sample_parquet(path, LIMITS).is_start


def test_records_are_of_all_the_file(tmp_path: Path):
    path = str(tmp_path / "a.tfrecord")
    with tf.io.TFRecordWriter(path) as writer:
        for row in range(ROWS):
            value = tf.train.Feature(int64_list=tf.train.Int64List(value=[row]))
            features = tf.train.Features(feature={"row": value})
            writer.write(tf.train.Example(features=features).SerializeToString())
    part = sample_tfrecord(Path(path), WIDE)
    rows = pa.chunked_array([part.table["row"].combine_chunks().flatten()])
    assert is_spread(part._replace(table=pa.table({"row": rows})))
    assert sample_tfrecord(Path(path), LIMITS).is_start


def test_each_row_is_as_likely_as_another():
    drawn = Draw(500)
    for start in range(0, 50_000, 100):
        drawn.add(pa.table({"row": range(start, start + 100)}))
    rows = drawn.table()["row"].to_numpy()
    assert len(rows) == 500
    assert drawn.rows == 50_000
    # 50 expected of each tenth, with a standard deviation below 7.
    assert np.all(np.abs(np.bincount(rows // 5_000) - 50) < 28)


def test_one_class_in_the_sample_is_no_statement_about_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "a.csv"
    rare = table()
    rare["click"] = (rare["row"] == 7).astype(int)
    rare["city"] = np.where(rare["row"] % 3, "a", "b")
    rare.to_csv(path, index=False)
    monkeypatch.setattr("ctr.infer.sample.MOST_ROWS", 100)
    text = infer_config([path], "click")
    assert "0 in all 100 rows sampled; 1 is rare" in text
    assert f"100 of about {ROWS:,} rows of 1 file" in text
