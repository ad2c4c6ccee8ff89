"""Whole numbers that are names, and lists that are none."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest

from config.features import Categorical, Numeric
from ctr.infer.column import Rows, make_column
from ctr.infer.kinds import Guess, guess

ROWS = 4_000
RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, ROWS)
ITEMS = RNG.integers(0, 300, ROWS)
ZIPF = RNG.permutation(300)[np.minimum(RNG.zipf(1.3, ROWS), 300) - 1]


def guessed(
    name: str, values: object, labels: object = LABELS, total: int = ROWS
) -> Guess:
    array = values if isinstance(values, pa.Array) else pa.array(values)
    return guess(make_column(name, array), Rows(labels, total), ())


@pytest.mark.parametrize(
    ("name", "values"),
    [
        pytest.param("user_id", ITEMS, id="by name"),
        pytest.param("userId", ITEMS, id="by name in camel case"),
        pytest.param("adid", ITEMS, id="by name in one word"),
        pytest.param("C14", ITEMS, id="as Avazu and Criteo name them"),
        pytest.param("brand", ITEMS, id="of an entity"),
        pytest.param("cms_segid", ITEMS % 97, id="of a segment"),
        pytest.param("type_of_device", ITEMS, id="by the word before the preposition"),
        pytest.param("x", ITEMS + 15_000, id="far from zero"),
        pytest.param("x", ITEMS * 10**13, id="many digits"),
        pytest.param("x", ITEMS, id="spread evenly"),
        pytest.param("x", ITEMS % 20 * 977, id="few and far apart"),
        pytest.param("x", [f"{n:032x}" for n in ITEMS], id="hashes"),
        pytest.param("x", [f"5094572997602{n:07}" for n in ITEMS], id="20 digits"),
        pytest.param("x", ITEMS.astype(np.uint64) + np.uint64(2**63), id="64 bits"),
        pytest.param("user", [None, *map(float, ITEMS[1:])], id="whole floats"),
        pytest.param("zip", [f"{n:05}" for n in ITEMS], id="codes with zeros"),
        pytest.param("flag", ITEMS % 2 == 0, id="booleans"),
        pytest.param("x", [f"4.{n % 30}" for n in ITEMS], id="versions"),
        pytest.param("os_version", [f"4.{n % 9 + 1}" for n in ITEMS], id="by name"),
        pytest.param("appVer", ITEMS % 97 / 10, id="versions as floats, by name"),
    ],
)
def test_ids_are_categories(name: str, values: object):
    assert isinstance(guessed(name, values).feature, Categorical)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        pytest.param("age", ITEMS, id="by name"),
        pytest.param("Daily Time Spent on Site", ITEMS, id="time, not site"),
        pytest.param("clicks_per_user", ITEMS, id="clicks, not user"),
        pytest.param("days_since_last_order", ITEMS, id="days, not order"),
        pytest.param("x", RNG.poisson(60, ROWS), id="bell"),
        pytest.param("x", RNG.geometric(0.01, ROWS), id="counts"),
        pytest.param("x", np.exp(RNG.normal(8, 1, ROWS)).astype(int), id="long tail"),
        pytest.param("item", [f"{n:,}" for n in ITEMS * 37], id="grouped digits"),
        pytest.param("x", RNG.random(ROWS), id="fractions"),
        pytest.param("x", [f"{n / 100:.2f}" for n in ITEMS], id="prices"),
        pytest.param("x", [str(n / 100) for n in ITEMS], id="fractions as text"),
    ],
)
def test_quantities_are_numbers(name: str, values: object):
    assert isinstance(guessed(name, values).feature, Numeric)


def test_ids_are_told_by_what_single_values_say_of_the_label():
    likes = RNG.random(300)
    labels = (RNG.random(ROWS) < likes[ZIPF]).astype(np.int64)
    found = guessed("x", ZIPF, labels)
    assert isinstance(found.feature, Categorical)
    assert "each tells more than 50 ranges" in found.comment


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(RNG.permutation(ROWS), id="numbers"),
        pytest.param([f"{n:08x}" for n in RNG.permutation(ROWS)], id="hashes"),
        pytest.param([f"5094572997602{n:07}" for n in range(ROWS)], id="20 digits"),
    ],
)
def test_ids_of_rows_are_left_out(values: object):
    found = guessed("x", values)
    assert found.feature is None
    assert "like an impression id" in found.comment


@pytest.mark.parametrize("name", ["request_id", "display_id", "visitId"])
def test_ids_of_requests_are_left_out(name: str):
    found = guessed(name, np.arange(ROWS) // 3)
    assert found.feature is None
    assert "later rows have others" in found.comment


def test_ids_that_floats_have_cut_are_left_out():
    found = guessed("id", ITEMS * 1e16 + 1e18)
    assert found.feature is None
    assert "have lost their last digits" in found.comment


def test_vocabulary_is_bounded_by_the_values_of_all_data():
    ids = [f"u{n}" for n in RNG.integers(0, 40_000, ROWS)]
    assert guessed("u", ids).feature.top_k is None
    many = guessed("u", [*ids[:3_000], *ids[:1_000]], total=ROWS * 10**6)
    assert many.feature.top_k == 1_000_000
    assert "1,000,000 most frequent have their own ids" in many.comment


def lists(delimiter: str, items: list[str], lengths: tuple[int, int]) -> list[str]:
    return [
        delimiter.join(RNG.choice(items, length))
        for length in RNG.integers(*lengths, ROWS)
    ]


def sets(items: list[str], lengths: tuple[int, int]) -> list[str]:
    """Texts of several items, none of them twice in one."""
    return [
        " ".join(RNG.choice(items, length, replace=False))
        for length in RNG.integers(*lengths, ROWS)
    ]


GENRES = ["Action", "Children's", "Comedy", "Drama", "Sci-Fi", "War"]


@pytest.mark.parametrize(
    ("values", "delimiter"),
    [
        (lists("|", list("abcdefgh"), (1, 4)), "|"),
        (lists(",", list("abcdefgh"), (1, 5)), ","),
        (lists(", ", list("abcdefgh"), (2, 3)), ", "),
        (lists(",", list(map(str, range(40))), (1, 6)), ","),
        (lists(";", list(map(str, range(40))), (2, 3)), ";"),
        (lists("|", list(map(str, range(40))), (9, 20)), "|"),
        (lists(", ", list("abcdefgh"), (5, 20)), ", "),
        (lists(" ", [f"N{n}" for n in range(400)], (1, 30)), " "),
        (sets(GENRES, (1, 4)), " "),
    ],
)
def test_lists_have_items_that_come_again(values: list[str], delimiter: str):
    assert guessed("x", values).feature.delimiter == delimiter


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([f"city {n}, {n % 7}" for n in ITEMS], id="place and state"),
        pytest.param([f"{n % 9}|x{n % 50}" for n in ITEMS], id="two fields"),
        pytest.param([f"{n},{n % 60 + 1}" for n in ITEMS], id="numbers"),
        pytest.param([f'["a{n % 7}", "b{n % 9}"]' for n in ITEMS], id="JSON"),
        pytest.param([f"<b>{n % 50}, x</b>" for n in ITEMS], id="HTML"),
        pytest.param([f"iPhone {n % 9}" for n in ITEMS], id="words and numbers"),
        pytest.param(lists(" ", ["red", "shoe", "sale"], (1, 9)), id="words"),
        pytest.param(sets(GENRES, (2, 4)), id="names of several words"),
        pytest.param(
            [f"{'Mobile ' * (n % 2)}{'ABCDEFGH'[n % 8]}" for n in ITEMS], id="variants"
        ),
    ],
)
def test_other_texts_with_delimiters_are_no_lists(values: list[str]):
    feature = guessed("x", values).feature
    assert not getattr(feature, "many", False)


STARTS = [
    datetime(2024, 1, 1, tzinfo=timezone.utc) + timedelta(minutes=n)
    for n in RNG.integers(0, 90_000, ROWS).tolist()
]


@pytest.mark.parametrize(
    "form",
    [
        "%Y-%m-%d %H:%M:%S",
        "%Y%m%d%H%M",
        "%Y%m%d%H%M%S000",
        "%Y%m%dT%H%M%S",
        "%Y_%m_%d",
        "%Y-%m-%d-%H",
        "%Y-%m",
        "%m/%d/%y",
        "%d.%m.%Y %H:%M",
        "%b %d, %Y",
        "%d-%b-%Y",
        "%d/%b/%Y:%H:%M:%S +0000",
        "%a, %d %b %Y %H:%M:%S GMT",
        "%a %b %d %H:%M:%S %Y",
    ],
)
def test_times_are_left_out(form: str):
    found = guessed("x", [start.strftime(form) for start in STARTS])
    assert found.feature is None
    assert "a point in time" in found.comment


def test_seconds_from_the_first_row_are_times_by_name():
    seconds = RNG.integers(0, 10**6, ROWS)
    assert "a point in time" in guessed("timestamp", seconds).comment


def test_texts_that_parquet_has_as_bytes_are_texts():
    names = [f"city {n}".encode() for n in ITEMS]
    assert isinstance(guessed("x", names).feature, Categorical)
    lists_of_names = pa.array([[name, b"b"] for name in names])
    assert guessed("x", lists_of_names).feature.multivalued
    assert guessed("x", [b"\xff%d" % n for n in ITEMS]).feature is None


def test_durations_are_left_out():
    assert guessed("x", [timedelta(seconds=int(n)) for n in ITEMS]).feature is None


@pytest.mark.parametrize(
    "values", [pa.nulls(ROWS), [None] * ROWS, [""] * ROWS, [float("nan")] * ROWS]
)
def test_column_without_values_is_left_out(values: object):
    assert guessed("x", values).feature is None
