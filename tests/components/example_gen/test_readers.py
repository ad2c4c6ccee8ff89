"""Files of all formats, whole and broken."""

from __future__ import annotations

import bz2
import gzip
import lzma
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from config.features import RawColumn

Write = Callable[[str, "pa.Table | bytes"], Path]
Read = Callable[..., list[dict[str, list[Any]]]]
Problem = Callable[..., str]

NAMES = [
    "examples.csv",
    "examples.csv.gz",
    "examples.parquet",
    "examples.tfrecord",
    "examples.tfrecord.gz",
]
TABLE = pa.table(
    {
        "other": ["ignored", "ignored", "ignored"],
        "click": [1, 0, 0],
        "city": ["Rome", None, 'a "quoted",\nbroken line'],
        "age": [31.5, 0.0, None],
    }
)
EXAMPLES = [
    {"age": [31.5], "city": [b"Rome"], "click": [1]},
    {"age": [0.0], "click": [0]},
    {"city": [b'a "quoted",\nbroken line'], "click": [0]},
]
CSV = b"age,city,click\n31.5,Rome,1\n"
ROME = [{"age": [31.5], "city": [b"Rome"], "click": [1]}]


@pytest.mark.parametrize("name", NAMES)
def test_all_formats_give_the_same(write: Write, read: Read, name: str):
    assert read(write(name, TABLE)) == EXAMPLES


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("folder", "value"),
    [
        ("city=Rome", {"city": [b"Rome"]}),
        ("city=a%2Fb%20%3D", {"city": [b"a/b ="]}),
        ("city=__HIVE_DEFAULT_PARTITION__", {}),
        ("city=", {}),
        ("city=01", {"city": [b"01"]}),
        ("age=7", {"age": [7.0]}),
    ],
)
def test_column_in_the_name_of_a_folder(
    write: Write, read: Read, tmp_path: Path, name: str, folder: str, value: dict
):
    column = folder.partition("=")[0]
    (tmp_path / folder).mkdir()
    path = write(f"{folder}/{name}", TABLE.drop([column]))
    others = [{k: v for k, v in row.items() if k != column} for row in EXAMPLES]
    assert read(path) == [row | value for row in others]
    # The file's own column is that of the rows.
    assert read(write(f"{folder}/{name}", TABLE)) == EXAMPLES


def test_label_and_all_features_may_be_in_names_of_folders(
    write: Write, read: Read, problem: Problem, tmp_path: Path
):
    folder = "click=1/age=NA"
    (tmp_path / folder).mkdir(parents=True)
    path = write(f"{folder}/examples.csv", b"other\na\nb\n")
    features = {"age": RawColumn(type="float")}
    assert read(path, columns=features, missing_values=("NA",)) == [{"click": [1]}] * 2
    assert "'city'" in problem(path)


@pytest.mark.parametrize("name", NAMES)
def test_columns_may_be_in_another_order_or_without_values(
    write: Write, read: Read, name: str
):
    reordered = TABLE.select(["age", "other", "city", "click"])
    assert read(write(name, reordered)) == EXAMPLES
    nothing = TABLE.set_column(3, "age", pa.nulls(3, pa.float64()))
    assert [row.get("age") for row in read(write(name, nothing))] == [None] * 3


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + CSV,
        CSV.replace(b"\n", b"\r\n"),
        CSV.removesuffix(b"\n"),
        b'"age","city","click"\n"31.5","Rome","1"\n',
        b"click,x,city,age\n1,,Rome, 31.5\n",
    ],
    ids=["BOM", "CRLF", "no end of line", "all quoted", "blank before a number"],
)
def test_csv_dialects(write: Write, read: Read, content: bytes):
    assert read(write("examples.csv", content)) == ROME


@pytest.mark.parametrize("content", [b"age,city,click\n", b"age,city,click"])
def test_header_alone_is_a_file_without_rows(write: Write, read: Read, content: bytes):
    assert read(write("examples.csv", content)) == []


def test_missing_values_are_configured(write: Write, read: Read):
    path = write("examples.csv", b'age,city,click\n?,?,0\n,"?",1\n1,,1\n')
    assert read(path, missing_values=("", "?")) == [
        {"click": [0]},
        {"click": [1]},
        {"age": [1.0], "click": [1]},
    ]


@pytest.mark.parametrize("name", NAMES[:3])
def test_absent_columns_are_named_with_those_there_are(
    write: Write, problem: Problem, name: str
):
    message = problem(write(name, TABLE.select(["click", "other"])))
    assert "'age', 'city'" in message
    assert "click, other" in message


@pytest.mark.parametrize("name", ["examples.csv", "examples.parquet"])
def test_a_column_that_stands_twice_is_an_error(
    write: Write, problem: Problem, name: str
):
    twice = TABLE.append_column("age", TABLE.column("age"))
    assert "'age'" in problem(write(name, twice))


@pytest.mark.parametrize(
    ("content", "place", "received"),
    [
        (b"x,click,city,age\n1,0,a,5\n2,1,b,'old'\n", "line 3: column 'age'", "'old'"),
        (b"age,city,click\n1,a,yes\n", "line 2: column 'click'", "'yes'"),
        (b"age,city,click\n1,a,True\n\n1,a,tRUE\n", "line 4: column 'click'", "'tRUE'"),
        (b'age,city,click\n"o\nl\r\nd",a,0\n', "line 2: column 'age'", r"'o\nl\r\nd'"),
    ],
)
def test_text_in_a_number_is_named_by_line_column_and_value(
    write: Write, problem: Problem, content: bytes, place: str, received: str
):
    message = problem(write("examples.csv", content))
    assert message.startswith(f"{place}: ")
    assert received in message


def test_booleans_in_columns_of_numbers_are_1_and_0(write: Write, read: Read):
    path = write("examples.csv", b"age,city,click\n2.5,a,0\ntrue,b,True\n,c,FALSE\n")
    assert read(path) == [
        {"age": [2.5], "city": [b"a"], "click": [0]},
        {"age": [1.0], "city": [b"b"], "click": [1]},
        {"city": [b"c"], "click": [0]},
    ]


@pytest.mark.parametrize(
    "content",
    [
        "age,city,click\n1,Málaga,0\n",
        "age,stadt,größe,city,click\n1,a,b,c,0\n",
        # Beyond what reading the header decodes.
        "age,city,click\n" + "1,Paris,0\n" * 5000 + "1,Málaga,0\n",
    ],
    ids=["value", "header", "far value"],
)
def test_text_that_is_not_utf8_is_an_error(
    write: Write, problem: Problem, content: str
):
    path = write("examples.csv", content.encode("latin-1"))
    assert "utf-8" in problem(path).lower()
    assert "examples.csv.encoding" in problem(path)


@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"", mtime=0)])
def test_empty_csv_file_has_no_rows(write: Write, read: Read, content: bytes):
    assert read(write("examples.csv", content)) == []


@pytest.mark.parametrize("codec", ["gzip", "bz2", "zstd", "lz4"])
@pytest.mark.parametrize("name", ["examples.csv", "examples.csv.gz"])
def test_compression_is_that_of_the_content(
    write: Write, read: Read, name: str, codec: str
):
    stream = pa.BufferOutputStream()
    with pa.CompressedOutputStream(stream, codec) as compressed:
        compressed.write(CSV)
    assert read(write(name, stream.getvalue().to_pybytes())) == ROME
    assert read(write(name, CSV)) == ROME


def test_sequence_example_with_lists_is_refused(problem: Problem, tmp_path: Path):
    import tensorflow as tf

    context = {"click": _int64(1), "age": _int64(3), "city": _int64(4)}
    steps = tf.train.FeatureList(feature=[_int64(1), _int64(2)])
    path = tmp_path / "examples.tfrecord"
    with tf.io.TFRecordWriter(str(path)) as writer:
        plain = tf.train.Example(features=tf.train.Features(feature=context))
        writer.write(plain.SerializeToString())
        record = tf.train.SequenceExample(
            context=tf.train.Features(feature=context),
            feature_lists=tf.train.FeatureLists(feature_list={"history": steps}),
        )
        writer.write(record.SerializeToString())
    message = problem(path)
    assert "record 2 is a tf.SequenceExample" in message
    assert "'history'" in message


def _int64(value: int):
    import tensorflow as tf

    return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))


BROKEN = {
    "wide row.csv": (CSV + b"1,b,0,extra\n", "line 3: expected 3 fields, got 4"),
    "open quote.csv": (CSV + b'1,"b,0\n', "line 3: a quote opens"),
    "parquet.csv": (b"PAR1...", "set examples.format: parquet"),
    "archive.csv": (b"PK\x03\x04...", "compressed by zip"),
    "xz.csv": (lzma.compress(CSV), "compressed by xz"),
    "plain.parquet": (CSV, "parquet"),
    "plain.tfrecord": (CSV, "corrupted record at 0"),
    "bz2.tfrecord": (bz2.compress(CSV), "compressed by bz2"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_file_of_another_kind_is_an_error(write: Write, problem: Problem, name: str):
    content, expected = BROKEN[name]
    message = problem(write(name, content))
    assert expected in message
    assert "{{" not in message
    assert "[Op:" not in message


@pytest.mark.parametrize("name", NAMES[1:])
def test_cut_anywhere_is_an_error(write: Write, problem: Problem, name: str):
    many = pa.concat_tables([TABLE] * 20)
    # Nowhere between two records, where a TFRecord file cannot tell.
    whole = write(name, many).read_bytes()
    for end in (1, 6, 12, len(whole) // 2 + 1, len(whole) - 9, len(whole) - 1):
        problem(write(name, whole[:end]))


def test_changed_byte_in_a_tfrecord_is_an_error(write: Write, problem: Problem):
    content = bytearray(write("examples.tfrecord", TABLE).read_bytes())
    content[20] ^= 1
    assert "corrupted record" in problem(write("examples.tfrecord", bytes(content)))


def test_several_gzip_streams_in_a_tfrecord_are_read(write: Write, read: Read):
    content = write("examples.tfrecord.gz", TABLE).read_bytes()
    assert read(write("examples.tfrecord.gz", content * 2)) == EXAMPLES * 2


def test_records_that_are_not_examples_are_an_error(
    write: Write, problem: Problem, tmp_path: Path
):
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(tmp_path / "examples.tfrecord")) as writer:
        writer.write(b"not an example")
    assert "tf.Example" in problem(tmp_path / "examples.tfrecord")


@pytest.mark.parametrize("name", NAMES)
def test_a_folder_or_a_file_that_is_gone_is_an_error(
    tmp_path: Path, problem: Problem, name: str
):
    assert "No such file" in problem(tmp_path / name)
    (tmp_path / name).mkdir()
    assert "directory" in problem(tmp_path / name)


def test_tfrecord_without_records_has_no_rows(write: Write, read: Read):
    assert read(write("examples.tfrecord", b"")) == []
