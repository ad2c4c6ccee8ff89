"""First configurations of files in the layouts that people have."""

from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from components.example_gen.spans import span_files
from config.errors import InputError
from config.load import load_config
from config.root import Config
from ctr.infer import infer_config
from ctr.infer.sample import read_sample

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


def parquet_files(folder: Path, *tables: pa.Table) -> list[Path]:
    paths = [folder / f"part-{number}.parquet" for number in range(len(tables))]
    for path, table in zip(paths, tables, strict=True):
        pq.write_table(table, path)
    return paths


def read_beside(folder: Path, *values: pa.Array) -> dict[str, pa.Array]:
    """The columns of files that have values of several types in the column x."""
    tables = [TABLE.append_column("x", each) for each in values]
    return read_sample(parquet_files(folder, *tables), "click").columns


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


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|", "^", "\x01", " "])
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
    paths = parquet_files(tmp_path, missing.slice(0, 0), missing, floats, TABLE)
    assert set(inferred(tmp_path, *paths).features) == {"city", "age"}


def test_types_of_which_one_does_not_hold_the_other_are_texts(tmp_path: Path):
    columns = read_beside(
        tmp_path, pa.array([2, 3] * 50), pa.array(["02", "3"] * 50).dictionary_encode()
    )
    assert set(columns["x"].to_pylist()) == {"2", "3", "02"}


def test_booleans_beside_numbers_are_an_error(tmp_path: Path):
    booleans, numbers = pa.array([True, False] * 50), pa.array([1, 0] * 50)
    with pytest.raises(InputError, match=r"'x'.*part-0\.parquet.*part-1\.parquet"):
        read_beside(tmp_path, booleans, numbers)


@pytest.mark.parametrize(
    ("one", "other", "texts"),
    [
        (pa.array([1] * 100, pa.int32()), pa.array([2**62] * 100), {"1", str(2**62)}),
        (pa.array([2**62] * 100), pa.array([0.5] * 100), {str(2**62), "0.5"}),
        (
            pa.array([2**63] * 100, pa.uint64()),
            pa.array([-1] * 100),
            {str(2**63), "-1"},
        ),
    ],
)
def test_integers_keep_their_digits_beside_other_numbers(
    tmp_path: Path, one: pa.Array, other: pa.Array, texts: set[str]
):
    column = read_beside(tmp_path, one, other)["x"]
    assert set(map(str, column.to_pylist())) == texts


def test_columns_of_some_files_alone_are_left_out(tmp_path: Path):
    paths = [tmp_path / f"part-{number}.csv" for number in range(3)]
    rows = (HEADER + ROWS).splitlines()
    more = "\n".join(f"{row},{'new' if row == rows[0] else 1}" for row in rows)
    for path, text in zip(paths, (HEADER + ROWS, more, HEADER + ROWS), strict=True):
        path.write_text(text, encoding="utf-8")
    text = infer_config(paths, "click")
    assert list(inferred(tmp_path, *paths).features) == ["city"]
    assert f"new: not in {paths[2]}" in text
    paths[1].write_text(ROWS, encoding="utf-8")
    with pytest.raises(InputError, match="header line"):
        infer_config(paths, "click")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"click": 1, "city": "a"}\n' * 10, "JSON"),
        ('[\n {"click": 1, "city": "a"}]', "JSON"),
        ("Clicks of May\n\n" + HEADER + ROWS, r"'Clicks of May'\): 1, .*: 3"),
        ("# a\n# b\n" + HEADER + ROWS, r"'# a'\): 1, .*: 3"),
        ("sep=;\n" + (HEADER + ROWS).replace(",", ";"), "'sep=;'.*: 3"),
        (HEADER + ROWS.replace("\n", ",\n"), ": 3, .*: 4"),
        ("click   city\n" + "1       a\n0       b\n" * 50, "fields of a CSV file"),
        ((HEADER + ROWS).replace(",", "||"), r"'\|\|'"),
        (ROWS.replace(",", "|~|"), r"'\|~\|'"),
        ("1 3:1 10:0.5\n0 2:1 7:1e-3\n" * 50, "LIBSVM"),
        ("-1 3:1 10:0.5 12:1\n+1 2:1\n" * 50, "LIBSVM"),
        ("1 0:3:1 1:10:0.5\n0 0:2:1 1:7:1\n" * 50, "LIBFFM"),
        (HEADER.replace("click", " Click ") + ROWS, "--label ' Click '"),
    ],
)
def test_layout_that_is_not_read_is_told(tmp_path: Path, content: str, message: str):
    with pytest.raises(InputError, match=message) as caught:
        csv_of(tmp_path, content.encode())
    assert len(str(caught.value).splitlines()) == 1


def test_columns_of_one_name_are_an_error(tmp_path: Path):
    paths = parquet_files(tmp_path, TABLE.append_column("age", TABLE["city"]))
    with pytest.raises(InputError, match="two columns are named 'age'"):
        infer_config(paths, "click")


def test_quote_is_proposed(tmp_path: Path):
    rows = "".join(f"{i % 2},'a, {i % 3}',u{i % 50}\n" for i in range(400))
    assert csv_of(tmp_path, (HEADER + rows).encode()) == {"quote": "'"}


def test_days_as_excel_counts_them(tmp_path: Path):
    path = tmp_path / "clicks.csv"
    rows = "".join(f"{i % 2},c{i % 3},{45322 + i / 100}\n" for i in range(400))
    path.write_text("click,city,date\n" + rows)
    config = inferred(tmp_path, path)
    assert config.examples.time_split.column == "date"
    assert list(config.features) == ["city"]


def in_folders(root: Path, *folders: str, files: int = 1) -> list[Path]:
    """Files of the same rows in folders."""
    paths = [
        root / each / f"part-{n}.parquet" for each in folders for n in range(files)
    ]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(TABLE, path)
    return paths


DATES = [f"date=2024-01-0{day}" for day in range(1, 4)]
HIVE_DATE = "date={YYYY}-{MM}-{DD}"


@pytest.mark.parametrize(
    ("folders", "files", "pattern", "train", "features"),
    [
        (DATES, 1, f"{HIVE_DATE}/*.parquet", 2, {}),
        (DATES, 2, f"{HIVE_DATE}/*.parquet", 2, {}),
        (
            [f"{date}/country={c}" for date in DATES for c in ("DE", "FR")],
            1,
            f"{HIVE_DATE}/country=*/*.parquet",
            2,
            {"country"},
        ),
        (
            [f"country={c}/{date}" for date in DATES for c in ("DE", "FR")],
            1,
            f"country=*/{HIVE_DATE}/*.parquet",
            2,
            {"country"},
        ),
        (
            [f"{date}/hour={hour:02}" for date in DATES for hour in (0, 12)],
            1,
            f"{HIVE_DATE}/hour=*/*.parquet",
            2,
            {"hour"},
        ),
        (
            ["year=2023/month=12/day=31", "year=2024/month=01/day=01"],
            1,
            "year={YYYY}/month={MM}/day={DD}/*.parquet",
            1,
            {},
        ),
        # As Spark writes numbers; all of one month.
        (
            [f"year=2024/month=1/day={day}" for day in (1, 9, 10)],
            1,
            "year={YYYY}/month={MM}/day={DD}/*.parquet",
            9,
            {},
        ),
        (["2024/01/01", "2024/01/03"], 1, "{YYYY}/{MM}/{DD}/*.parquet", 2, {}),
        (["dt=20240101", "dt=20240102"], 1, "dt={YYYY}{MM}{DD}/*.parquet", 1, {}),
        (["day=7", "day=8"], 1, "day={SPAN}/*.parquet", 1, {}),
    ],
)
def test_folders_by_day_are_spans(
    tmp_path: Path, folders: list[str], files: int, pattern: str, train: int, features
):
    paths = in_folders(tmp_path / "data", *folders, files=files)
    config = inferred(tmp_path, *paths)
    spans = config.examples.spans
    assert spans is not None
    assert (spans.pattern, spans.train, spans.eval) == (pattern, train, 1)
    assert config.examples.root == str(tmp_path / "data")
    # What is new on each day is no feature.
    assert set(config.features) == {"city", "age", *features}
    assert sum(map(len, span_files(config.examples.root, pattern).values())) == len(
        paths
    )


@pytest.mark.parametrize(
    ("folders", "split", "features"),
    [
        (
            ["country=DE", "country=FR"],
            {"hash": "country=*/part-0.parquet"},
            {"country"},
        ),
        (["country=DE"], {"hash": "country=*/part-0.parquet"}, {}),
        (["id=1", "id=2", "id=10"], {"hash": "id=*/part-0.parquet"}, {"id"}),
        (["a", "b"], {"hash": "*/part-0.parquet"}, {}),
        # The days of two months.
        (
            ["month=1/day=1", "month=2/day=1"],
            {"hash": "month=*/day=*/part-0.parquet"},
            {"month"},
        ),
        (
            ["split=train", "split=test"],
            {
                "train": "split=train/part-0.parquet",
                "eval": "split=test/part-0.parquet",
            },
            {},
        ),
        (
            ["year=2024/month=1", "year=2024/month=2", "year=2024/month=3"],
            {
                "train": "year=*/month=[1-2]/part-0.parquet",
                "eval": "year=*/month=3/part-0.parquet",
            },
            {},
        ),
    ],
)
def test_folders_of_something_else(tmp_path: Path, folders, split, features):
    config = inferred(tmp_path, *in_folders(tmp_path / "data", *folders))
    examples = config.examples
    found = examples.splits or examples.hash_split
    assert set(split.values()) <= set(found.model_dump().values())
    assert set(config.features) == {"city", "age", *features}


def test_folders_of_several_depths_are_an_error(tmp_path: Path):
    with pytest.raises(InputError, match="several depths"):
        infer_config(in_folders(tmp_path, "a", "a/b"), "click")


def test_files_that_were_not_given_are_not_read(tmp_path: Path):
    de, fr, it = in_folders(tmp_path, "country=DE", "country=FR", "country=IT")
    pattern = inferred(tmp_path, de, fr).examples.hash_split.pattern
    assert sorted(tmp_path.glob(pattern)) == [de, fr]
    assert it.exists()
