"""The kinds of features and what Transform does to each."""

from __future__ import annotations

import itertools
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.base import Block, PositiveInt
from config.names import ColumnName

Negative = Literal["minus_sign", "parentheses", "trailing"]


class NumberFormat(Block):
    """Notation of numbers as text.

    Attributes:
      thousands: Separator of groups of digits, such as the comma in 1,909.
      decimal: Separator of the fraction.
      unit: A text before or after each number, such as $ or %.
      negative: Notation of negative numbers other than -5: `minus_sign` (U+2212, or a
        dash), `parentheses` as in accounting, or `trailing` as in 5-.
    """

    thousands: Literal[",", ".", " ", "'"] | None = None
    decimal: Literal[".", ","] = "."
    unit: Annotated[str, Field(min_length=1)] | None = None
    negative: Negative | None = None

    @model_validator(mode="after")
    def _separators_differ(self) -> NumberFormat:
        if self.thousands == self.decimal:
            raise ValueError(
                f"thousands and decimal are both {self.decimal!r}; set decimal to "
                f"{',' if self.decimal == '.' else '.'!r}"
            )
        return self


class _Feature(Block):
    """Base class of all features.

    Attributes:
      missing_values: Texts that stand for a missing value in this column, besides
        those of `examples.missing_values`.
    """

    missing_values: tuple[str, ...] = ()


class _Discrete(_Feature):
    """Base class of categorical and hashed features.

    Attributes:
      multivalued: True for a list of values in each example.
      delimiter: Separator of the values of a list that is written as one string;
        implies `multivalued`.
    """

    multivalued: bool = False
    delimiter: str | None = Field(default=None, min_length=1)

    @property
    def many(self) -> bool:
        """True if an example may hold several values."""
        return self.multivalued or self.delimiter is not None


class Categorical(_Discrete):
    """A string looked up in a vocabulary that Transform computes.

    Attributes:
      top_k: Keeps only the most frequent values.
      min_frequency: Keeps only values that occur at least so often in training.
      oov_buckets: Number of ids that values outside the vocabulary are hashed to.
    """

    kind: Literal["categorical"] = "categorical"
    top_k: PositiveInt | None = None
    min_frequency: PositiveInt = 1
    oov_buckets: PositiveInt = 1


class Hashed(_Discrete):
    """A string hashed to one of a fixed number of ids, without a vocabulary.

    Attributes:
      buckets: Number of ids.
    """

    kind: Literal["hashed"] = "hashed"
    buckets: PositiveInt


class ItemSequence(_Feature):
    """A list of values of another feature in time order, such as ads clicked before.

    It has the ids of that feature, and its embedding vectors.

    Attributes:
      like: The categorical or hashed feature.
      max_length: Maximum number of values; the last ones, which are the most recent,
        are kept.
      delimiter: Separator of the values of a list that is written as one string.
    """

    kind: Literal["sequence"] = "sequence"
    like: ColumnName
    max_length: PositiveInt = 50
    delimiter: str | None = Field(default=None, min_length=1)

    @property
    def many(self) -> bool:
        """True: an example may hold several values."""
        return True


class Numeric(_Feature, NumberFormat):
    """A number, scaled, and optionally also cut into buckets.

    Attributes:
      normalize: `z_score`, `min_max` (to [0, 1]), `log1p` (sign(x) * log(1 + |x|),
        then z-score) or `none`.
      fill: Replacement of a missing value; defaults to the mean of the training split.
      missing_indicator: Adds a 0/1 input that tells missing values apart.
      buckets: Cuts the values at quantiles into about so many buckets; a value that
        dominates the column gets a bucket of its own.
      boundaries: Cuts the values at given, increasing boundaries instead.
    """

    kind: Literal["numeric"] = "numeric"
    normalize: Literal["z_score", "min_max", "log1p", "none"] = "z_score"
    fill: float | None = None
    missing_indicator: bool = False
    buckets: Annotated[int, Field(ge=2)] | None = None
    boundaries: Annotated[tuple[float, ...], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def _one_way_to_cut(self) -> Numeric:
        if self.buckets is not None and self.boundaries is not None:
            raise ValueError("give 'buckets' or 'boundaries', not both")
        cuts = self.boundaries or ()
        if any(low >= high for low, high in itertools.pairwise(cuts)):
            raise ValueError(f"boundaries must increase, got {list(cuts)}")
        return self

    @property
    def number_format(self) -> NumberFormat | None:
        """Notation of the numbers; None for Python's."""
        settings = {key: getattr(self, key) for key in NumberFormat.model_fields}
        number_format = NumberFormat.model_validate(settings)
        return None if number_format == NumberFormat() else number_format

    @property
    def is_bucketized(self) -> bool:
        """True if the feature also enters the models as a bucket."""
        return self.buckets is not None or self.boundaries is not None


Feature = Annotated[
    Categorical | Hashed | Numeric | ItemSequence, Field(discriminator="kind")
]
Features = dict[ColumnName, Feature]
FEATURE_KINDS = ("categorical", "hashed", "numeric", "sequence")


class Cross(Block):
    """The combination of two or more features, hashed.

    Numeric features take part by their bucket, multi-valued ones by each value.

    Attributes:
      features: Names of the features to cross.
      buckets: Number of ids that the combinations are hashed to.
    """

    features: Annotated[tuple[ColumnName, ...], Field(min_length=2)]
    buckets: PositiveInt = 10_000

    @property
    def name(self) -> str:
        """The name of the crossed column, such as `gender_x_category`."""
        return "_x_".join(self.features)


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
