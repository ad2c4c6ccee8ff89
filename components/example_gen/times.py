"""Times of rows, and the time at which the eval split starts."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from config.errors import InputError
from config.values.lists import flat, has_repeats

Ints = npt.NDArray[np.int64]

# Notation of the times of a column. Two notations have no common order.
Form = Literal["number", "time", "time with a zone"]

# Maximum number of bins of a histogram, of 16 bytes each.
MOST_BINS = 1_000_000

_TEXT_FORMS: tuple[tuple[pa.DataType, Form], ...] = (
    (pa.float64(), "number"),
    (pa.timestamp("us"), "time"),
    (pa.timestamp("us", "UTC"), "time with a zone"),
    (pa.timestamp("ns"), "time"),
    (pa.timestamp("ns", "UTC"), "time with a zone"),
)
_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}


@dataclass(frozen=True)
class Histogram:
    """Histogram of times with a bounded number of bins.

    Attributes:
      form: Notation of the times.
      shift: A bin has 2^shift neighbouring keys; 0 as long as they are few.
      bins: The bins that have rows, in order.
      counts: The number of rows of each bin.
    """

    form: Form
    shift: int
    bins: Ints
    counts: Ints


@dataclass(frozen=True)
class Start:
    """The first time that evaluates.

    Attributes:
      form: Notation of the times.
      key: The least key of the rows that evaluate.
      share: The share of the rows that evaluate.
    """

    form: Form
    key: int
    share: float

    @property
    def text(self) -> str:
        """The time as people write it."""
        value = float(_in_order(np.array([self.key])).view(np.float64)[0])
        if self.form == "number":
            return f"{value:.17g}"
        return (datetime(1970, 1, 1) + timedelta(seconds=value)).isoformat(" ")


def time_keys(name: str, data: pa.ChunkedArray) -> tuple[Form, Ints]:
    """The notation of the times of a column, and integers in their order: int64 [rows].

    The column holds timestamps, numbers, or texts of numbers or of ISO 8601.

    Raises:
      InputError: A row has no time, several, or what is none.
    """
    rows, values = flat(data)
    if has_repeats(rows) or len(rows) < len(data):
        raise InputError(
            f"examples.time_split.column: {name!r} has no single value in "
            f"{len(data) - len(np.unique(rows)):,} of {len(data):,} rows; give each "
            "row one time, or choose another split"
        )
    form, numbers = _numbers(name, values)
    if not np.isfinite(numbers).all():
        raise InputError(
            f"examples.time_split.column: {name!r} holds "
            f"{numbers[~np.isfinite(numbers)][0]}; give each row a time"
        )
    # Minus zero is zero, and the bits of floats are in the order of the floats.
    return form, _in_order((numbers + 0.0).view(np.int64))


def histogram(form: Form, keys: Ints) -> Histogram | None:
    """The histogram of some rows; None of none."""
    return _counted(form, 0, keys, np.ones(len(keys))) if len(keys) else None


def merged(histograms: Iterable[Histogram | None]) -> Histogram | None:
    """One histogram of all, the same in whatever order they come; None of none.

    Raises:
      InputError: They are written in two ways.
    """
    there = list(filter(None, histograms))
    return functools.reduce(_sum, there) if there else None


def choose_start(total: Histogram | None, share: float) -> Start | None:
    """Chooses the time from which on about that share of the rows evaluates.

    Rows of one time stay together, so the share may be another; both splits get rows.

    Raises:
      InputError: All rows have one time.
    """
    if total is None:
        return None
    if len(total.bins) < 2:
        raise InputError(
            "examples.time_split.column: all rows have the same time; choose another "
            "split, or give files of more times"
        )
    shares = np.cumsum(total.counts[::-1])[-2::-1] / total.counts.sum()
    # The share that evaluates from bin 1 on, bin 2 on, ...
    best = int(np.argmin(np.abs(shares - share)))
    return Start(
        total.form, int(total.bins[best + 1] << total.shift), float(shares[best])
    )


def _in_order(bits: Ints) -> Ints:
    """Bits of floats to integers in their order, and back."""
    return np.where(bits < 0, bits ^ np.iinfo(np.int64).max, bits)


def _numbers(name: str, values: pa.Array) -> tuple[Form, npt.NDArray[Any]]:
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        form: Form = "time with a zone" if getattr(kind, "tz", None) else "time"
        return form, _seconds(values)
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        values = values.cast(pa.string())
    for wanted, form in _TEXT_FORMS:
        try:
            parsed = values.cast(wanted)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            continue
        return form, _seconds(parsed)
    raise InputError(
        f"examples.time_split.column: {name!r} holds {kind}, such as "
        f"{str(values[0])[:60]!r}; allowed: timestamps, numbers such as seconds since "
        "1970 or 2024013107, and texts such as 2024-01-31 07:30:00, all in one form"
    )


def _seconds(values: pa.Array) -> npt.NDArray[Any]:
    """Times as seconds since 1970, numbers as they are: float64."""
    if pa.types.is_date(values.type):
        values = values.cast(pa.timestamp("us"))
    if not pa.types.is_timestamp(values.type):
        return values.to_numpy(zero_copy_only=False).astype(np.float64)
    per_second = _PER_SECOND[values.type.unit]
    return values.cast(pa.int64()).to_numpy() / per_second


def _sum(one: Histogram, other: Histogram) -> Histogram:
    if one.form != other.form:
        raise InputError(
            f"examples.time_split.column: some rows hold a {one.form}, others a "
            f"{other.form}; write all times in one form"
        )
    shift = max(one.shift, other.shift)
    bins = [each.bins >> (shift - each.shift) for each in (one, other)]
    counts = np.concatenate([one.counts, other.counts])
    return _counted(one.form, shift, np.concatenate(bins), counts)


def _counted(form: Form, shift: int, bins: Ints, counts: npt.NDArray[Any]) -> Histogram:
    """Adds up equal bins, and neighbours until there are few enough."""
    distinct, places = np.unique(bins, return_inverse=True)
    sums = np.bincount(places, counts).astype(np.int64)
    if len(distinct) > MOST_BINS:
        return _counted(form, shift + 1, distinct >> 1, sums)
    return Histogram(form, shift, distinct, sums)
