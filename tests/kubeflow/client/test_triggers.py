"""Cron expressions with six fields, and intervals."""

from __future__ import annotations

import pytest

from config.errors import ConfigError
from kubeflow.client.triggers import read_cron, read_interval


@pytest.mark.parametrize(
    "text",
    [
        "0 0 3 * * *",
        "0  0 3 * * ?",
        "*/10 0-30/5 0,12 1-15 JAN-mar MON-FRI",
        "59 59 23 31 12 6",
        "0 0 3 * * SUN",
    ],
)
def test_takes_cron_expressions(text):
    assert read_cron(text) == " ".join(text.split())


def test_refuses_five_fields_which_would_mean_something_else():
    with pytest.raises(ConfigError, match=r"got 5 fields in .*; expected six"):
        read_cron("0 3 * * *")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("60 0 3 * * *", "second: '60': allowed are 0 to 59"),
        ("0 60 3 * * *", "minute: '60': allowed are 0 to 59"),
        ("0 0 24 * * *", "hour: '24': allowed are 0 to 23"),
        ("0 0 3 0 * *", "day of the month: '0': allowed are 1 to 31"),
        ("0 0 3 * 13 *", "month: '13': allowed are 1 to 12"),
        ("0 0 3 * * 7", "day of the week: '7': allowed are 0 to 6"),
        ("0 0 3 * * JAN", "day of the week: 'JAN'"),
        ("0 0 5-3 * * *", "hour: '5-3': ends before it begins"),
        ("0 0 */0 * * *", "hour: '*/0': a step is a number above 0"),
        ("0 0 1, * * *", "hour: ''"),
        ("0 0 -3 * * *", "hour: ''"),
        ("@daily", "got 1 fields"),
        ("", "got 0 fields"),
    ],
)
def test_refuses_cron_expressions(text, message):
    with pytest.raises(ConfigError) as caught:
        read_cron(text)

    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("12h", 43200), ("1d", 86400)]
)
def test_takes_intervals(text, seconds):
    assert read_interval(text) == seconds


@pytest.mark.parametrize("text", ["", "0h", "h", "1", "1.5h", "-1h", "1w", "1h30m"])
def test_refuses_intervals(text):
    with pytest.raises(ConfigError, match="--every: got"):
        read_interval(text)
