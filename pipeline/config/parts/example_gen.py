"""What ExampleGen reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pipeline.config.base import Block
from pipeline.config.examples import FileFormat, HashSplit, Label
from pipeline.config.features import Features, Numeric

if TYPE_CHECKING:
    from pipeline.config.root import Config


class RawColumn(Block):
    """A column as ExampleGen reads it.

    Attributes:
      type: `float` or `string` in the examples.
      many: Whether a row may hold several values.
      delimiter: What separates the values inside one string.
    """

    type: Literal["float", "string"]
    many: bool = False
    delimiter: str | None = None


class ExampleGenPart(Block):
    """What ExampleGen reads.

    Attributes:
      format: Format of the files.
      missing_values: What stands for a missing value in a CSV field.
      columns: The columns that become features of the examples.
      label: How the label is made; None for examples without one.
      hash_split: How rows are split, where the files do not say it.
    """

    format: FileFormat
    missing_values: tuple[str, ...]
    columns: dict[str, RawColumn]
    label: Label | None
    hash_split: HashSplit | None

    @classmethod
    def of(cls, config: Config) -> ExampleGenPart:
        """The part for the examples to train and evaluate on."""
        extra = config.examples.extra_columns
        return cls(
            format=config.examples.format,
            missing_values=config.examples.missing_values,
            columns={
                **_raw_columns(config.features),
                **{name: RawColumn(type="string") for name in extra},
            },
            label=config.label,
            hash_split=config.examples.hash_split,
        )

    @classmethod
    def of_serving_examples(cls, config: Config) -> ExampleGenPart:
        """The part for examples logged while serving, which have no label."""
        return cls(
            format=config.examples.format,
            missing_values=config.examples.missing_values,
            columns=_raw_columns(config.features),
            label=None,
            hash_split=None,
        )


def _raw_columns(features: Features) -> dict[str, RawColumn]:
    columns = {}
    for name, feature in features.items():
        if isinstance(feature, Numeric):
            columns[name] = RawColumn(type="float")
        else:
            columns[name] = RawColumn(
                type="string", many=feature.many, delimiter=feature.delimiter
            )
    return columns
