"""Statistics of sampled columns and rows, and their text in a comment."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from sklearn.metrics import roc_auc_score
from sklearn.preprocessing import TargetEncoder

from config.features import NumberFormat
from ctr.infer.texts import numbers_of

Family = Literal["integer", "decimal", "text", "time", "list", "other"]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

# Beyond it a double has no digits left to tell neighbours apart.
LARGEST_EXACT = 2**53
_BINS = 200
_FEWEST_OF_A_CLASS = 20


@dataclass(frozen=True)
class Column:
    """The sampled values of one column; NaN and infinity are missing values.

    Attributes:
      name: Its name.
      family: The kind of its values.
      values: The values; whole numbers are integers, whatever their type was.
      number_format: Notation of its numbers, where they are texts.
      missing_words: Texts in it that stand for a missing value.
    """

    name: str
    family: Family
    values: pa.Array
    number_format: NumberFormat | None = None
    missing_words: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        """Number of rows sampled."""
        return len(self.values)

    @property
    def present(self) -> int:
        """Number of rows with a value."""
        return self.rows - self.missing

    @cached_property
    def missing(self) -> int:
        """Number of rows without a value; an empty list is one."""
        if self.family == "list":
            lengths = pc.fill_null(pc.list_value_length(self.values), 0)
            return int(np.sum(lengths.to_numpy() == 0))
        return int(self.values.null_count)

    @cached_property
    def items(self) -> pa.Array:
        """The single values: of a list column, those inside its lists."""
        values = self.values.flatten() if self.family == "list" else self.values
        return values.drop_null()

    @cached_property
    def counts(self) -> dict[Any, int]:
        """Frequency of each distinct value, in falling order."""
        return count(self.items)

    @property
    def distinct(self) -> int:
        """Number of distinct values."""
        return len(self.counts)

    @property
    def is_number(self) -> bool:
        """True if the column holds single numbers."""
        return self.family in ("integer", "decimal")

    @cached_property
    def numbers(self) -> Floats:
        """The values that are there, as floats."""
        numbers: Floats = self.items.cast(pa.float64(), safe=False).to_numpy()
        return numbers

    def auc(self, rows: Rows) -> float:
        """AUC of the column by itself; 0.5 where labels are too few.

        The label rates of the values come from one half of the rows and score the
        other, so that many values are not mistaken for a good feature.
        """
        if not rows.have_both:
            return 0.5
        encoder = TargetEncoder(target_type="binary", smooth=1.0, cv=2, random_state=0)
        rates = encoder.fit_transform(self.codes(_BINS).reshape(-1, 1), rows.labels)
        return float(roc_auc_score(rows.labels, rates))

    def codes(self, bins: int | None) -> Ints:
        """An integer for each row's value or bin; of a list, whether it is there.

        Args:
          bins: Maximum number of bins, at quantiles; None for one of each number.
        """
        is_there = self.values.is_valid().to_numpy(zero_copy_only=False)
        if self.family == "list":
            return is_there.astype(int)
        if bins is None or not self.is_number:
            encoded = self.values.dictionary_encode(null_encoding="encode")
            return encoded.indices.to_numpy().astype(int)
        cuts = np.unique(np.quantile(self.numbers, np.linspace(0, 1, bins + 1)[1:-1]))
        places = np.searchsorted(
            cuts, self.values.fill_null(0).to_numpy(), side="right"
        )
        return np.where(is_there, places + 1, 0)


@dataclass(frozen=True)
class Rows:
    """The rows sampled.

    Attributes:
      labels: The label of each row.
      total: Number of rows in all files.
    """

    labels: Ints
    total: int

    @property
    def share(self) -> float:
        """The share of all rows that is sampled."""
        return len(self.labels) / self.total

    @property
    def are_all(self) -> bool:
        """True if no row is left out."""
        return self.total <= len(self.labels)

    @property
    def have_both(self) -> bool:
        """True if both labels have enough rows for an AUC."""
        return bool(min(np.bincount(self.labels, minlength=2)) >= _FEWEST_OF_A_CLASS)


def make_column(name: str, values: pa.Array) -> Column:
    """Describes a column of any Arrow type; texts of numbers are numbers."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    family, values = _plain(values)
    numbers = numbers_of(values) if family == "text" else None
    if numbers is None:
        return Column(name, family, values)
    return Column(name, *_plain(numbers.values), *numbers[1:])


def count(values: pa.Array) -> dict[Any, int]:
    """Frequency of each distinct value, in falling order."""
    counted = values.value_counts()
    pairs = zip(*(counted.field(i).to_pylist() for i in (0, 1)), strict=True)
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def _plain(values: pa.Array) -> tuple[Family, pa.Array]:
    """The family of an array, and its values in that family's one type."""
    values = _decoded(values)
    kind = values.type
    if pa.types.is_null(kind) or _is_text(kind):
        return "text", values.cast(pa.string())
    if pa.types.is_uint64(kind):
        return "text", values.cast(pa.string())  # An id, which int64 may not hold.
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return "integer", values.cast(pa.int64())
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _decimal(values.cast(pa.float64()))
    if pa.types.is_temporal(kind) and not pa.types.is_duration(kind):
        return "time", values
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _list(values)
    return "other", values


def _decoded(values: pa.Array) -> pa.Array:
    """Texts, also where Parquet has them as bytes without a word on what they are."""
    texts = {
        pa.binary(): pa.string(),
        pa.large_binary(): pa.string(),
        pa.list_(pa.binary()): pa.list_(pa.string()),
    }
    try:
        return values.cast(texts.get(values.type, values.type))
    except pa.ArrowInvalid:  # Not UTF-8, so bytes.
        return values


def _decimal(values: pa.Array) -> tuple[Family, pa.Array]:
    """Numbers with a fraction, or integers: pandas makes 5 a 5.0 beside a gap."""
    missing = pa.scalar(None, pa.float64())
    values = pc.if_else(pc.is_finite(values), values, missing)
    largest = pc.max(pc.abs(values)).as_py() or 0.0
    if largest < LARGEST_EXACT and pc.all(pc.equal(pc.floor(values), values)).as_py():
        return "integer", values.cast(pa.int64())
    return "decimal", values


def _list(values: pa.Array) -> tuple[Family, pa.Array]:
    """Lists, or single values where none has more, as tf.Examples hold them."""
    lengths = pc.fill_null(pc.list_value_length(values), 0).to_numpy()
    if max(lengths) <= 1:
        places = pa.array(np.cumsum(lengths) - 1, mask=lengths == 0)
        return _plain(values.flatten().take(places))
    kind = values.type.value_type
    return "list" if _is_text(kind) or pa.types.is_integer(kind) else "other", values


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def shown(value: object, limit: int = 30) -> str:
    """A value from the data, short and fit to stand in a comment or a message."""
    printable = "".join(c if c.isprintable() else "?" for c in str(value))
    return printable if len(printable) <= limit else printable[: limit - 3] + "..."


def listed(values: Iterable[object], most: int = 5, limit: int = 30) -> str:
    """The first of the values, comma-separated."""
    texts = [shown(value, limit) for value in values]
    return ", ".join(texts[:most]) + (", ..." if len(texts) > most else "")


def percent(part: float, whole: float) -> str:
    """A share such as `37%` or `0.4%`; never 0% or 100% where that is not so."""
    share = 100 * part / whole
    return f"{share:.0f}%" if 1 <= share <= 99 or share == 100 else f"{share:.3g}%"


def number(value: float) -> str:
    """A number in at most six digits where it is a fraction: `12,285`, `0.25`."""
    return f"{int(value):,}" if float(value).is_integer() else f"{value:,.6g}"
