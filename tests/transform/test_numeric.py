"""Numeric features: fills, scales, indicators."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from config.features import Numeric

# Mean 2 and variance 2.5, of the values that are there.
NUMBERS = [0.0, 1.0, 3.0, 4.0, None, math.nan, math.inf, -math.inf]
LARGE = math.e - 1  # log1p makes 1 of it
SPREAD = math.sqrt(2.5)

COLUMNS = {
    "z_score": (Numeric(missing_indicator=True), NUMBERS),
    "z_filled": (Numeric(fill=3), NUMBERS),
    "min_max": (Numeric(normalize="min_max"), NUMBERS),
    "min_max_filled": (Numeric(normalize="min_max", fill=8), NUMBERS),
    "as_is": (Numeric(normalize="none"), NUMBERS),
    "as_is_filled": (Numeric(normalize="none", fill=-1), NUMBERS),
    "log": (Numeric(normalize="log1p"), [0.0, LARGE, -LARGE, *[None] * 5]),
    "log_filled": (
        Numeric(normalize="log1p", fill=LARGE),
        [0.0, LARGE, -LARGE, *[math.nan] * 5],
    ),
    # Not exact in binary, so that its mean and deviation are rounded.
    "constant": (Numeric(), [0.1] * 8),
    "constant_range": (Numeric(normalize="min_max"), [0.1] * 8),
    "never": (Numeric(missing_indicator=True), [None, math.nan] * 4),
    "never_range": (Numeric(normalize="min_max", fill=5), [None] * 8),
}
REPEATS = 10


@pytest.fixture(scope="module")
def analysis(analyze: Callable[..., Any]) -> Any:
    rows = [
        {name: values[n] for name, (_, values) in COLUMNS.items()} for n in range(8)
    ]
    return analyze({name: kind for name, (kind, _) in COLUMNS.items()}, rows * REPEATS)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("z_score", [each / SPREAD for each in (-2, -1, 1, 2, 0, 0, 0, 0)]),
        ("z_filled", [each / SPREAD for each in (-2, -1, 1, 2, 1, 1, 1, 1)]),
        ("min_max", [0.0, 0.25, 0.75, 1.0, *[0.5] * 4]),
        ("min_max_filled", [0.0, 0.25, 0.75, 1.0, *[2.0] * 4]),
        ("as_is", [0.0, 1.0, 3.0, 4.0, *[2.0] * 4]),
        ("as_is_filled", [0.0, 1.0, 3.0, 4.0, *[-1.0] * 4]),
        # The logarithms 0, 1 and -1 have the variance 2/3.
        ("log", [0.0, math.sqrt(1.5), -math.sqrt(1.5), *[0.0] * 5]),
        ("log_filled", [0.0, math.sqrt(1.5), -math.sqrt(1.5), *[math.sqrt(1.5)] * 5]),
        ("constant", [0.0] * 8),
        ("constant_range", [0.0] * 8),
        ("never", [0.0] * 8),
        ("never_range", [0.0] * 8),
    ],
)
def test_numbers_are_filled_and_scaled(analysis: Any, name: str, expected: list[float]):
    assert analysis.column(name)[:8] == pytest.approx(expected, abs=1e-5)


def test_missing_indicator_tells_nan_and_infinity_from_numbers(analysis: Any):
    assert analysis.column("z_score_missing")[:8] == [0, 0, 0, 0, 1, 1, 1, 1]
    assert analysis.column("never_missing")[:8] == [1] * 8


def test_constant_column_stays_0_for_another_value_while_serving(analysis: Any):
    served = analysis.serve([{"constant": 0.2, "constant_range": 0.2}])
    assert served["constant"] == served["constant_range"] == [0.0]


@pytest.mark.parametrize("extreme", [3.4e38, -3.4e38, math.inf, math.nan, 1e-40])
def test_extremes_stay_finite_while_serving(analysis: Any, extreme: float):
    served = analysis.serve([dict.fromkeys(COLUMNS, extreme)])
    assert all(math.isfinite(column[0]) for column in served.values())
