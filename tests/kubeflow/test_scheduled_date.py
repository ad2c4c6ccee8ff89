"""The date that a scheduled run is for."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from kubeflow.scheduled_date import SCHEDULED_DATE, resolve_date

BEGAN = datetime(2026, 1, 2, 0, 30, tzinfo=timezone(timedelta(hours=9)))


@pytest.mark.parametrize("value", ["2025-12-31", "", "latest"])
def test_a_date_is_what_it_is(value):
    assert resolve_date(value, BEGAN) == value


def test_a_macro_that_nobody_replaced_is_the_day_the_run_began_in_utc():
    assert resolve_date(SCHEDULED_DATE, BEGAN) == "2026-01-01"
