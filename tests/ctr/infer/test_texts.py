"""How a column of texts writes its numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ctr.infer.texts import numbers_of


def read(texts: list[str | None]) -> tuple[list[float | None], dict[str, str]] | None:
    found = numbers_of(pa.array(texts, pa.string()))
    if found is None:
        return None
    number_format = found.number_format
    settings = number_format.model_dump(exclude_defaults=True) if number_format else {}
    return found.values.to_pylist(), settings


@pytest.mark.parametrize(
    ("texts", "values", "settings"),
    [
        (["5", "-3", None], [5, -3, None], {}),
        (["+1,909"], [1909], {"thousands": ","}),
        (["1.5", "1e3"], [1.5, 1000.0], {}),
        (["1,909", "712"], [1909, 712], {"thousands": ","}),
        (["1,909.5"], [1909.5], {"thousands": ","}),
        (["1.234,56", "7,5"], [1234.56, 7.5], {"thousands": ".", "decimal": ","}),
        (["1.234.567"], [1_234_567], {"thousands": ".", "decimal": ","}),
        (["1 234", "712"], [1234, 712], {"thousands": " "}),
        (["1 234,5"], [1234.5], {"thousands": " ", "decimal": ","}),
        (["1'234", "5"], [1234, 5], {"thousands": "'"}),
        (["$1,234", "$5.50"], [1234, 5.5], {"thousands": ",", "unit": "$"}),
        (["12,5", "0,125"], [12.5, 0.125], {"decimal": ","}),
        (["0,123", "0,456"], [0.123, 0.456], {"decimal": ","}),
        (["45%", "3.5%"], [45, 3.5], {"unit": "%"}),
        (["1,5 €", "2 €"], [1.5, 2], {"decimal": ",", "unit": "€"}),
        (["5 kg", "70 kg"], [5, 70], {"unit": "kg"}),
    ],
)
def test_numbers_written_for_people(
    texts: list[str | None], values: list[float | None], settings: dict[str, str]
):
    assert read(texts) == (values, settings)


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(["u17", "u18"], id="ids with a letter"),
        pytest.param(["3G", "4G"], id="names of networks"),
        pytest.param(["00501", "10001"], id="codes with zeros"),
        pytest.param(["50945729976020542869", "1"], id="20 digits"),
        pytest.param(["12345e67", "98765432"], id="hexadecimal"),
        pytest.param(["192.168.100.101", "192.168.100.102"], id="addresses"),
        pytest.param(["2024-01-31"], id="dates"),
        pytest.param(["$5", "€7"], id="two currencies"),
        pytest.param(["12,45,7", "3,4"], id="lists"),
        pytest.param(["true", "false"], id="booleans"),
        pytest.param(["+1", "-1"], id="signs"),
        pytest.param(["NA", "IT"], id="countries"),
        pytest.param([None, ""], id="nothing"),
    ],
)
def test_other_texts_are_no_numbers(texts: list[str | None]):
    assert read(texts) is None


def test_lists_of_three_digit_codes_are_no_numbers():
    rng = np.random.default_rng(0)
    codes = [
        ",".join(map(str, rng.integers(100, 999, length)))
        for length in rng.integers(1, 4, 200)
    ]
    assert read(codes) is None
    assert read([code for code in codes if code.count(",") == 1]) is None
    longer = [f"{n},{m}" for n, m in rng.integers(10_000, 10_040, (200, 2))]
    assert read(longer) is None


def test_three_digits_behind_each_point_are_thousands_beside_whole_numbers():
    rng = np.random.default_rng(0)
    numbers = rng.integers(100, 99_999, 300)
    texts = [f"{number:,}".replace(",", ".") for number in numbers]
    settings = {"thousands": ".", "decimal": ","}
    assert read(texts) == (numbers.tolist(), settings)
    # As C and Python format fractions, none of them whole.
    fractions = [f"{value:.3f}" for value in rng.random(300)]
    assert read(fractions) == (list(map(float, fractions)), {})


def test_words_among_numbers_are_missing_values():
    found = numbers_of(pa.array(["NA", "\\N", "1,000", "None"]))
    assert found.values.to_pylist() == [None, None, 1000.0, None]
    assert set(found.missing_words) == {"NA", "\\N", "None"}
