"""What a sampled column holds, in figures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Family = Literal["integer", "decimal", "text", "time", "list", "other"]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_MOST_BINS = 200


@dataclass(frozen=True)
class Column:
    """The sampled values of one column.

    Attributes:
      name: The column's name in the files.
      family: What kind of values it holds.
      values: The values; NaN and infinity are missing values.
      type_name: The type in the files, as Arrow calls it.
    """

    name: str
    family: Family
    values: pa.Array
    type_name: str

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
            return int(pc.sum(pc.equal(lengths, 0)).as_py() or 0)
        return int(self.values.null_count)

    @cached_property
    def items(self) -> pa.Array:
        """The single values: of a list column, those inside its lists."""
        values = self.values.flatten() if self.family == "list" else self.values
        return values.drop_null()

    @cached_property
    def _counted(self) -> tuple[list[Any], Ints]:
        counts = self.items.value_counts()
        number = counts.field("counts").to_numpy()
        order = np.argsort(-number, kind="stable")
        values = counts.field("values").take(pa.array(order))
        return values.to_pylist(), number[order].astype(np.int64)

    @property
    def distinct_values(self) -> list[Any]:
        """The distinct values, the most frequent first."""
        return self._counted[0]

    @property
    def counts(self) -> Ints:
        """How often each of `distinct_values` occurs."""
        return self._counted[1]

    @property
    def distinct(self) -> int:
        """Number of distinct values."""
        return len(self.counts)

    @cached_property
    def numbers(self) -> Floats:
        """The values that are there, as floats."""
        numbers: Floats = self.items.cast(pa.float64(), safe=False).to_numpy()
        return numbers

    @property
    def is_number(self) -> bool:
        """Whether the column holds single numbers."""
        return self.family in ("integer", "decimal")

    @cached_property
    def codes(self) -> Ints:
        """One small integer for each row: its value or, for numbers, its bin.

        0 is a missing value. Of a list only whether it is there counts.
        """
        if self.family in ("list", "other"):
            return _present(self.values).astype(np.int64)
        if self.is_number and self.distinct > _MOST_BINS:
            return self.binned(_MOST_BINS)
        indices = self.values.dictionary_encode().indices.cast(pa.int64())
        codes: Ints = pc.add(pc.fill_null(indices, -1), 1).to_numpy()
        return codes

    def binned(self, bins: int) -> Ints:
        """One small integer for each row of numbers: its quantile; 0 is missing."""
        cuts = np.unique(np.quantile(self.numbers, np.linspace(0, 1, bins + 1)[1:-1]))
        numbers = self.values.cast(pa.float64(), safe=False)
        filled = pc.fill_null(numbers, 0.0).to_numpy()
        places = 1 + np.searchsorted(cuts, filled, side="right")
        codes: Ints = np.where(_present(numbers), places, 0).astype(np.int64)
        return codes


def make_column(name: str, values: pa.Array) -> Column:
    """Describes a column.

    Args:
      name: The column's name.
      values: Its values, of any Arrow type.
    """
    family, plain = _plain(values)
    return Column(name, family, plain, str(values.type))


def _plain(values: pa.Array) -> tuple[Family, pa.Array]:
    """The family of an array, and its values in that family's one type."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return _plain(values.dictionary_decode())
    if pa.types.is_null(kind) or _is_text(kind):
        return "text", values.cast(pa.string())
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind):
        return _integers(values)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "decimal", _finite(values.cast(pa.float64()))
    if pa.types.is_temporal(kind):
        return "time", values
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        items = kind.value_type
        if _is_text(items) or pa.types.is_integer(items):
            return "list", values
    return "other", values


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _integers(values: pa.Array) -> tuple[Family, pa.Array]:
    try:
        return "integer", values.cast(pa.int64())
    except pa.ArrowInvalid:  # unsigned and beyond int64: a hash, not a quantity
        return "text", values.cast(pa.string())


def _finite(values: pa.Array) -> pa.Array:
    return pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))


def _present(values: pa.Array) -> npt.NDArray[np.bool_]:
    present: npt.NDArray[np.bool_] = values.is_valid().to_numpy(zero_copy_only=False)
    return present
