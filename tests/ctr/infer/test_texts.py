"""How a column of texts writes its numbers."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from ctr.infer.number_hints import number_hint
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
        (["4.90", "4.10"], [4.9, 4.1], {}),
        (["4.9", "4.10", "4.05"], [4.9, 4.1, 4.05], {}),
        (["10.0", "4.25", "4.5"], [10.0, 4.25, 4.5], {}),
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
        (["5,5 kr", "-7 kr"], [5.5, -7], {"decimal": ",", "unit": "kr"}),
        (["(5)", "7"], [-5, 7], {"negative": "parentheses"}),
        (
            ["($1,234.00)", "$(5)", "$5.5"],
            [-1234, -5, 5.5],
            {"thousands": ",", "unit": "$", "negative": "parentheses"},
        ),
        (
            ["(1.234,5 %)", "(7)%", "0,5 %"],
            [-1234.5, -7, 0.5],
            {
                "thousands": ".",
                "decimal": ",",
                "unit": "%",
                "negative": "parentheses",
            },
        ),
        (
            ["\N{MINUS SIGN}5.5", "\N{EN DASH}1", "-2", "3"],
            [-5.5, -1, -2, 3],
            {"negative": "minus_sign"},
        ),
        (
            ["\N{MINUS SIGN}$1,234", "$\N{MINUS SIGN}7"],
            [-1234, -7],
            {"thousands": ",", "unit": "$", "negative": "minus_sign"},
        ),
        (
            ["1,234.50-", "7 EUR-", "8"],
            [-1234.5, -7, 8],
            {"thousands": ",", "unit": "EUR", "negative": "trailing"},
        ),
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
        pytest.param(["4.9", "4.10", "4.1"], id="versions"),
        pytest.param(["10", "4.0", "4.20", "4.3"], id="whole versions, too"),
        pytest.param(["$5", "€7"], id="two currencies"),
        pytest.param(["12,45,7", "3,4"], id="lists"),
        pytest.param(["true", "false"], id="booleans"),
        pytest.param(["+1", "-1"], id="signs"),
        pytest.param(["(5)", "\N{MINUS SIGN}6"], id="two forms of negative"),
        pytest.param(["(007)", "(5)"], id="codes in parentheses"),
        pytest.param(["(555) 418-1318", "(555) 868-7168"], id="telephones"),
        pytest.param(["10-20", "20-30"], id="ranges"),
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


def hint(texts: list[str]) -> str | None:
    return number_hint(pa.array(texts))


@pytest.mark.parametrize(
    "texts",
    [
        [f"{n}.{n % 10}K" for n in range(50)] + ["1.2M"],
        [f"${n},{100 + n}K" for n in range(1, 50)],
        [f"{'$' if n % 2 else '€'}{n}.50" for n in range(50)],
        [f"{n} kg" if n % 2 else f"{n} cm" for n in range(50)],
        [f"({n})" if n % 2 else f"\N{MINUS SIGN}{n}" for n in range(1, 50)],
        [f"{n // 60}h {n % 60}m" for n in range(50)],
        [f"~{n}" for n in range(50)],
        [f"{n}-{n + 10}" for n in range(50)],
        [f"{n}/{n % 7 + 2}" for n in range(50)],
        [f"{n}.5/5" for n in range(50)],
        [f"00:{n}:30" for n in range(10, 60)],
        [f"PT{n}M30S" for n in range(50)],
        [chr(0x661 + n % 9) + chr(0x661 + n // 9) for n in range(50)],
        [f"{n}K" for n in range(50)] + ["NA", "unknown"],
        [f"4.{n}" for n in range(9, 50)],
    ],
)
def test_numbers_that_are_not_read_are_told(texts: list[str]):
    assert numbers_of(pa.array(texts)) is None
    said = hint(texts)
    assert said is not None
    assert any(text in said for text in texts)


def test_words_among_numbers_that_no_list_has_are_told():
    numbers = [f"{n}.5" for n in range(60)]
    assert "unknown" in (hint([*numbers, "unknown"]) or "")
    assert "#DIV/0!" in (hint([*numbers, "#DIV/0!"]) or "")
    assert hint([*numbers, *(f"word {n}" for n in "abcdefgh")]) is None


@pytest.mark.parametrize(
    "texts",
    [
        ["3G", "4G", "5G", "WiFi"],
        [f"u{n}" for n in range(50)],
        [f"{n:05d}" for n in range(50)],
        [f"{n},{n + 7},{n + 11}" for n in range(100, 150)],
        [f"10.0.{n}.1" for n in range(50)],
        [f"{n}{letter}" for n in range(20) for letter in "acd"],
        [f"{n}" for n in range(50)] + ["12c"],
    ],
)
def test_what_is_no_number_has_no_hint(texts: list[str]):
    assert hint(texts) is None
