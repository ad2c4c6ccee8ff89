"""The examples of a value."""

from __future__ import annotations

import pytest

from config.errors import InputError
from config.spans import Spans
from ctr.neighbors.columns import (
    describes,
    last_by_key,
    last_example,
    read_columns,
)

HEADER = "ad_id,user_id,interests,site,price,click\n"


@pytest.fixture
def columns_of(config, tmp_path):
    def _columns(train, evaluate="a1,u9,,s1,1,0\n"):
        (tmp_path / "train.csv").write_text(HEADER + train)
        (tmp_path / "eval.csv").write_text(HEADER + evaluate)
        return read_columns(config)

    return _columns


def test_values_are_read_in_the_order_of_training_then_evaluation(columns_of):
    columns = columns_of("a2,u1,x|y,s1,2.5,1\na1,u1,,,nan,0\n", "a2,u2,y,s2,inf,0\n")
    values = {
        name: [column.value(code) for code in column.codes]
        for name, column in columns.items()
    }

    assert values == {
        "ad_id": ["a2", "a1", "a2"],
        "user_id": ["u1", "u1", "u2"],
        "interests": [("x", "y"), None, ("y",)],
        "site": ["s1", None, "s2"],
        "price": [2.5, None, None],
    }


def test_the_last_example_with_a_value(columns_of):
    columns = columns_of("a1,u1,x,s1,1,0\na2,u1,x|y,,7,0\na1,u2,,s1,3,0\n")

    assert last_example(columns, "user_id", "u1") == {
        "ad_id": "a2",
        "user_id": "u1",
        "interests": ("x", "y"),
        "site": None,
        "price": 7.0,
    }
    assert last_example(columns, "price", 3.0)["user_id"] == "u2"
    assert last_example(columns, "user_id", "u7") is None
    assert last_example(columns, "site", None) is None


def test_a_column_that_follows_from_a_value_describes_it(columns_of):
    columns = columns_of(
        "a1,u1,x,s1,1,0\na2,u1,x,s2,2,0\na1,u2,y,s1,,0\na1,u3,y,s1,1,0\n"
        "a2,u2,y,s2,2,0\na3,u3,x,s1,2,0\n"
    )

    assert describes(columns["price"], columns["ad_id"])
    assert describes(columns["site"], columns["ad_id"])
    assert not describes(columns["interests"], columns["ad_id"])
    assert not describes(columns["ad_id"], columns["price"])


def test_a_few_errors_of_a_log_change_nothing(columns_of):
    rows = ["a1,u1,x,s1,1,0\n"] * 400
    rows[100] = "a1,u1,x,s2,1,0\n"
    columns = columns_of("".join(rows))
    assert describes(columns["site"], columns["ad_id"])

    rows[101:120] = ["a1,u1,x,s1,1,0\n", "a1,u1,x,s2,1,0\n"] * 9
    columns = columns_of("".join(rows))
    assert not describes(columns["site"], columns["ad_id"])


def test_values_that_occur_once_are_described_by_nothing(columns_of):
    columns = columns_of("a1,u1,x,s1,1,0\na2,u2,x,s1,1,0\n", "a3,u3,x,s1,1,0\n")

    assert not describes(columns["price"], columns["ad_id"])


def test_a_value_has_what_its_last_example_says_of_it(columns_of):
    columns = columns_of("a1,u1,x,s1,1,0\na2,u1,x,,4,0\na1,u2,y,s2,,0\n", "a1,,,,,0\n")
    by_ad = dict(
        zip(
            columns["ad_id"].values,
            last_by_key(columns["site"], columns["ad_id"]),
            strict=True,
        )
    )

    assert by_ad == {"a1": "s2", "a2": None}
    assert last_by_key(columns["price"], columns["ad_id"]) == [1.0, 4.0]


def test_missing_files_are_an_error(config):
    with pytest.raises(InputError, match=r"train\.csv: "):
        read_columns(config)


def test_the_spans_of_a_run_are_read(config, tmp_path):
    for day in (1, 2, 3, 4):
        (tmp_path / f"{day}.csv").write_text(HEADER + f"a{day},u1,,s1,1,0\n")
    spans = Spans(pattern="{SPAN}.csv", train=2)
    examples = config.examples.model_copy(update={"splits": None, "spans": spans})
    columns = read_columns(config.model_copy(update={"examples": examples}))

    assert columns["ad_id"].values == ["a2", "a3", "a4"]
