"""Rows of files, read as the configuration reads the examples."""

from __future__ import annotations

import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.errors import InputError
from config.features import NumberFormat, RawColumn
from serving.client.columns import columns_of
from serving.client.features import Feature, ModelFeatures
from serving.client.files import Layout, read_rows

PRICE = Feature("price", is_text=False, many=False)
COUNTRY = Feature("country", is_text=True, many=False)
MODEL = ModelFeatures(1, {"price": PRICE, "country": COUNTRY})
LAYOUT = Layout(
    columns={
        "price": RawColumn(
            type="float",
            missing_values=("NA",),
            number_format=NumberFormat(thousands=","),
        ),
        "country": RawColumn(type="string"),
    }
)
TABLE = pa.table({"price": ["1,909", "712", "NA"], "country": ["NA", "IT", ""]})


def write(path, table):
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in table.to_pylist()))
    else:
        table.to_pandas().to_csv(path, index=False)
    return path


def _as(kind, texts):
    return (
        texts.dictionary_encode() if pa.types.is_dictionary(kind) else texts.cast(kind)
    )


def sent(path):
    (some,) = read_rows(path, MODEL, LAYOUT)
    columns = columns_of(some.rows, MODEL)
    return {feature.name: list(each) for feature, each in columns.values.items()}


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_texts_are_read_as_in_training(tmp_path, name):
    rows = sent(write(tmp_path / name, TABLE))
    assert rows["price"] == pytest.approx([1909.0, 712.0, float("nan")], nan_ok=True)
    assert rows["country"] == [b"NA", b"IT", b""]


@pytest.mark.parametrize(
    "kind",
    [
        pa.string(),
        pa.large_string(),
        pa.binary(),
        pa.dictionary(pa.int32(), pa.string()),
    ],
    ids=str,
)
def test_texts_of_any_type_are_read_as_in_training(tmp_path, kind):
    """Pandas and Polars write one column of texts as different types."""
    table = pa.table({name: _as(kind, TABLE[name]) for name in TABLE.column_names})
    rows = sent(write(tmp_path / "a.parquet", table))
    assert rows["price"] == pytest.approx([1909.0, 712.0, float("nan")], nan_ok=True)
    assert rows["country"] == [b"NA", b"IT", b""]


@pytest.mark.parametrize("name", ["a.jsonl", "a.parquet"])
@pytest.mark.parametrize(
    "kind", [pa.list_(pa.string()), pa.large_list(pa.large_string())]
)
def test_texts_in_lists_are_split_as_in_training(tmp_path, name, kind):
    tags = Feature("tags", is_text=True, many=True)
    column = RawColumn(type="string", many=True, delimiter="|", missing_values=("NA",))
    rows = [["a|7.0", "b"], ["NA"], [], None, ["c|", None]]
    path = write(tmp_path / name, pa.table({"tags": pa.array(rows, kind)}))
    model = ModelFeatures(1, {"tags": tags})
    (some,) = read_rows(path, model, Layout(columns={"tags": column}))
    expected = [[b"a", b"7", b"b"], [], [], [], [b"c"]]
    assert columns_of(some.rows, model).values == {tags: expected}


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_number_of_another_form_is_rejected(tmp_path, name):
    path = write(tmp_path / name, pa.table({"price": ["1,9"], "country": ["IT"]}))
    with pytest.raises(InputError, match="'price': expected a number such as 1,909"):
        sent(path)


@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.parquet"])
def test_feature_in_the_name_of_a_folder(tmp_path, name):
    folder = tmp_path / "price=1%2C909" / "country=NA" / "day=1"
    folder.mkdir(parents=True)
    path = write(folder / name, pa.table({"country": ["IT", "FR"]}))
    assert sent(path) == {"price": [1909.0] * 2, "country": [b"IT", b"FR"]}
    path = write(folder / name, pa.table({"price": ["1,909", "2"]}))
    assert sent(path) == {"price": [1909.0, 2.0], "country": [b"NA"] * 2}
    (rows,) = read_rows(path, MODEL, replace(LAYOUT, keep=("day",)))
    assert rows.kept == {"day": ["1", "1"]}
