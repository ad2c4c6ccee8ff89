"""Columns as they are in the files."""

from __future__ import annotations

from typing import Literal

from config.base import Block
from config.features import Feature, Features, NumberFormat, Numeric


class RawColumn(Block):
    """A column as ExampleGen reads it.

    Attributes:
      type: `float` or `string` in the examples.
      many: True if a row may hold several values.
      delimiter: Separator of the values inside one string.
      missing_values: Texts that stand for a missing value in this column alone.
      number_format: Notation of numbers as text; None for Python's.
    """

    type: Literal["float", "string"]
    many: bool = False
    delimiter: str | None = None
    missing_values: tuple[str, ...] = ()
    number_format: NumberFormat | None = None

    @property
    def is_plain_number(self) -> bool:
        """True if any reader of numbers can read the column."""
        is_text = self.missing_values or self.number_format
        return self.type == "float" and not is_text


def raw_columns(features: Features) -> dict[str, RawColumn]:
    """Returns the columns of the features, by name."""
    return {name: _raw_column(feature) for name, feature in features.items()}


def _raw_column(feature: Feature) -> RawColumn:
    if isinstance(feature, Numeric):
        return RawColumn(
            type="float",
            missing_values=feature.missing_values,
            number_format=feature.number_format,
        )
    return RawColumn(
        type="string",
        many=feature.many,
        delimiter=feature.delimiter,
        missing_values=feature.missing_values,
    )
