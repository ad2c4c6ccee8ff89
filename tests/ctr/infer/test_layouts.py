"""First configurations of files in the layouts that people have."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.errors import InputError
from config.load import load_config
from config.root import Config
from ctr.infer import infer_config

HEADER = "click,city,user\n"
ROWS = "".join(f"{i % 2},{'Málaga' if i % 3 else ''},u{i % 50}\n" for i in range(400))
NAMES = ("f0", "f1", "f2")
TABLE = pa.table(
    {
        "click": [0, 1] * 50,
        "city": ["a", "a", "b", "b"] * 25,
        "age": [row % 7 for row in range(100)],
    }
)


def inferred(folder: Path, *files: Path, label: str = "click") -> Config:
    path = folder / "pipeline.yaml"
    path.write_text(infer_config(files, label, folder=folder), encoding="utf-8")
    return load_config(path)


def csv_of(folder: Path, content: bytes, label: str = "click") -> dict:
    path = folder / "clicks.txt"
    path.write_bytes(content)
    config = inferred(folder, path, label=label)
    assert "city" in config.features or "f1" in config.features
    return config.examples.csv.model_dump(exclude_defaults=True)


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_delimiter_is_proposed(tmp_path: Path, delimiter: str):
    content = (HEADER + ROWS).replace(",", delimiter).encode()
    expected = {} if delimiter == "," else {"delimiter": delimiter}
    assert csv_of(tmp_path, content) == expected


@pytest.mark.parametrize("delimiter", [",", "\t"])
def test_columns_without_a_header_are_named(tmp_path: Path, delimiter: str):
    content = gzip.compress(ROWS.replace(",", delimiter).encode())
    expected = {} if delimiter == "," else {"delimiter": delimiter}
    assert csv_of(tmp_path, content, "f0") == {**expected, "columns": NAMES}


def test_label_of_a_file_without_a_header_is_one_of_its_names(tmp_path: Path):
    with pytest.raises(InputError, match="f0 to f2"):
        csv_of(tmp_path, ROWS.encode())


@pytest.mark.parametrize(
    ("encoding", "proposed"),
    [("utf-8-sig", None), ("utf-16", "utf-16"), ("latin-1", "cp1252")],
)
def test_encoding_is_proposed(tmp_path: Path, encoding: str, proposed: str | None):
    expected = {"encoding": proposed} if proposed else {}
    assert csv_of(tmp_path, (HEADER + ROWS).encode(encoding)) == expected


def test_backslash_before_quotes_is_proposed(tmp_path: Path):
    rows = "".join(f'{i % 2},"the \\"{i % 3}\\", so",u{i % 50}\n' for i in range(400))
    assert csv_of(tmp_path, (HEADER + rows).encode()) == {"escape": "\\"}


def test_files_without_rows_and_markers_are_left_out(tmp_path: Path):
    rows = {"0": HEADER, "1": "", "2": HEADER + ROWS, "3": "user,click,city\nu1,1,a\n"}
    paths = [tmp_path / f"part-{number}.csv" for number in rows]
    for path, text in zip(paths, rows.values(), strict=True):
        path.write_text(text, encoding="utf-8")
    (tmp_path / "_SUCCESS").touch()
    config = inferred(tmp_path, tmp_path / "_SUCCESS", *paths)
    assert config.features["city"].kind == "categorical"
    with pytest.raises(InputError):
        inferred(tmp_path, tmp_path / "_SUCCESS")


def test_types_of_parquet_files_are_united(tmp_path: Path):
    missing = TABLE.set_column(1, "city", pa.nulls(100))
    floats = TABLE.set_column(2, "age", pa.array([0.5] * 100)).select(
        ["age", "city", "click"]
    )
    files = {"a": missing.slice(0, 0), "b": missing, "c": floats, "d": TABLE}
    paths = [tmp_path / f"part-{name}.parquet" for name in files]
    for path, table in zip(paths, files.values(), strict=True):
        pq.write_table(table, path)
    assert set(inferred(tmp_path, *paths).features) == {"city", "age"}


def test_folders_by_date_are_spans(tmp_path: Path):
    paths = []
    for day in range(1, 4):
        for shard in range(2):
            paths.append(tmp_path / f"date=2024-01-0{day}" / f"part-{shard}.parquet")
            paths[-1].parent.mkdir(exist_ok=True)
            pq.write_table(TABLE, paths[-1])
    spans = inferred(tmp_path, *paths).examples.spans
    assert spans is not None
    assert spans.pattern == "date={YYYY}-{MM}-{DD}/*.parquet"
    assert (spans.train, spans.eval) == (2, 1)
