"""Cron expressions and intervals of schedules."""

from __future__ import annotations

import re

from config.errors import ConfigError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def read_cron(text: str) -> str:
    """Returns a cron expression of six fields, the first for seconds.

    The server checks the fields, but it also accepts five of them, and reads the first
    as the second: `0 3 * * *` would run each hour at three minutes past.

    Raises:
      ConfigError: The expression has another number of fields.
    """
    fields = text.split()
    if len(fields) != 6:
        raise ConfigError(
            f"--cron: got {len(fields)} fields in {text!r}; expected six: second "
            "minute hour day month weekday, such as '0 0 3 * * *' for 03:00 each day"
        )
    return " ".join(fields)


def read_interval(text: str) -> int:
    """The seconds of an interval such as `90s`, `30m`, `12h` or `1d`."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if match is None or int(match[1]) == 0:
        raise ConfigError(
            f"--every: got {text!r}; expected such as 90s, 30m, 12h or 1d"
        )
    return int(match[1]) * _UNITS[match[2]]
