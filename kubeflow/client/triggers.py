"""When a schedule fires: a cron expression or an interval, checked before it goes."""

from __future__ import annotations

import re
from dataclasses import dataclass

from config.errors import ConfigError

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True)
class _Field:
    """One of the fields of a cron expression."""

    name: str
    lowest: int
    highest: int
    names: str = ""

    def check(self, text: str) -> None:
        for part in text.split(","):
            self._check_part(part)

    def _check_part(self, part: str) -> None:
        reach, slash, step = part.partition("/")
        if slash and not (step.isdecimal() and int(step) > 0):
            raise ValueError(f"{part!r}: a step is a number above 0")
        if reach in ("*", "?"):
            return
        low, dash, high = reach.partition("-")
        first = self._number(low)
        if dash and self._number(high) < first:
            raise ValueError(f"{part!r}: ends before it begins")

    def _number(self, text: str) -> int:
        names = self.names.split()
        if text.upper() in names:
            return self.lowest + names.index(text.upper())
        if not text.isdecimal() or not self.lowest <= int(text) <= self.highest:
            raise ValueError(f"{text!r}: allowed are {self.lowest} to {self.highest}")
        return int(text)


_MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC"
_DAYS = "SUN MON TUE WED THU FRI SAT"
_FIELDS = (
    _Field("second", 0, 59),
    _Field("minute", 0, 59),
    _Field("hour", 0, 23),
    _Field("day of the month", 1, 31),
    _Field("month", 1, 12, _MONTHS),
    _Field("day of the week", 0, 6, _DAYS),
)


def read_cron(text: str) -> str:
    """A cron expression as Kubeflow Pipelines reads it: with six fields.

    The server takes one with five fields as well, and reads its first as the second:
    `0 3 * * *` would run each hour at three minutes past. So it is refused here.

    Args:
      text: What was typed.

    Returns:
      The expression, with single spaces.

    Raises:
      ConfigError: It is no such expression.
    """
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ConfigError(
            f"--cron: got {len(parts)} fields in {text!r}; expected six: second minute "
            "hour day month weekday, such as '0 0 3 * * *' for 03:00 each day"
        )
    for field, part in zip(_FIELDS, parts, strict=True):
        try:
            field.check(part)
        except ValueError as error:
            raise ConfigError(f"--cron {text!r}: {field.name}: {error}") from error
    return " ".join(parts)


def read_interval(text: str) -> int:
    """The seconds of an interval such as `90s`, `30m`, `12h` or `1d`."""
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    if match is None or int(match[1]) == 0:
        raise ConfigError(
            f"--every: got {text!r}; expected such as 90s, 30m, 12h or 1d"
        )
    return int(match[1]) * _UNITS[match[2]]
