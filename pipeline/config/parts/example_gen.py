"""What ExampleGen reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pipeline.config.base import Block
from pipeline.config.csv_format import CsvFormat
from pipeline.config.examples import FileFormat, HashSplit, Label, TimeSplit
from pipeline.config.features import Feature, Features, NumberFormat, Numeric

if TYPE_CHECKING:
    from pipeline.config.root import Config


class RawColumn(Block):
    """A column as ExampleGen reads it.

    Attributes:
      type: `float` or `string` in the examples.
      many: Whether a row may hold several values.
      delimiter: What separates the values inside one string.
      missing_values: Texts that stand for a missing value in this column alone.
      number_format: How numbers are written as text; None as Python writes them.
    """

    type: Literal["float", "string"]
    many: bool = False
    delimiter: str | None = None
    missing_values: tuple[str, ...] = ()
    number_format: NumberFormat | None = None

    @property
    def is_plain_number(self) -> bool:
        """Whether any reader of numbers can read the column."""
        is_text = self.missing_values or self.number_format
        return self.type == "float" and not is_text


class ExampleGenPart(Block):
    """What ExampleGen reads.

    Attributes:
      format: Format of the files.
      csv: How CSV files are written.
      missing_values: What stands for a missing value in a CSV field.
      columns: The columns that become features of the examples.
      label: How the label is made; None for examples without one.
      hash_split: How rows are split by a hash, where they are.
      time_split: How rows are split by time, where they are.
    """

    format: FileFormat
    csv: CsvFormat = CsvFormat()
    missing_values: tuple[str, ...]
    columns: dict[str, RawColumn]
    label: Label | None
    hash_split: HashSplit | None = None
    time_split: TimeSplit | None = None

    @property
    def splits_rows(self) -> bool:
        """Whether rows of one file fall into several splits."""
        return self.hash_split is not None or self.time_split is not None

    @classmethod
    def of(cls, config: Config) -> ExampleGenPart:
        """The part for the examples to train and evaluate on."""
        extra = config.examples.extra_columns
        return cls(
            format=config.examples.format,
            csv=config.examples.csv,
            missing_values=config.examples.missing_values,
            columns={
                **raw_columns(config.features),
                **{name: RawColumn(type="string") for name in extra},
            },
            label=config.label,
            hash_split=config.examples.hash_split,
            time_split=config.examples.time_split,
        )

    @classmethod
    def of_serving_examples(cls, config: Config) -> ExampleGenPart:
        """The part for examples logged while serving, which have no label."""
        return cls(
            format=config.examples.format,
            csv=config.examples.csv,
            missing_values=config.examples.missing_values,
            columns=raw_columns(config.features),
            label=None,
        )


def raw_columns(features: Features) -> dict[str, RawColumn]:
    """How the columns of the features are read."""
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
