"""Cron expressions with six fields, and intervals."""

from __future__ import annotations

import pytest

from config.errors import ConfigError
from kubeflow.client.schedules import read_cron, read_interval


def test_a_cron_expression_has_six_fields():
    assert read_cron("0  0 3 * * MON-FRI") == "0 0 3 * * MON-FRI"


@pytest.mark.parametrize("text", ["0 3 * * *", "0 0 3 * * * 2026", "@daily", ""])
def test_other_numbers_of_fields_are_rejected(text):
    with pytest.raises(ConfigError, match=rf"got {len(text.split())} fields"):
        read_cron(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1800), ("12h", 43200), ("1d", 86400)]
)
def test_intervals(text, seconds):
    assert read_interval(text) == seconds


@pytest.mark.parametrize("text", ["", "0h", "h", "1", "1.5h", "-1h", "1w", "1h30m"])
def test_malformed_intervals_are_rejected(text):
    with pytest.raises(ConfigError, match="--every: got"):
        read_interval(text)
