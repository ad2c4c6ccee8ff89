"""Where the examples are and what their label is."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from pipeline.config.base import Block, PositiveInt
from pipeline.config.spans import Spans, check_glob

FileFormat = Literal["csv", "parquet", "tfrecord"]

TRAIN = "train"
EVAL = "eval"
SPLITS = (TRAIN, EVAL)


class Splits(Block):
    """Explicit inputs for each split, such as the last day to evaluate on.

    Attributes:
      train: A glob of files below `examples.root` to train on.
      eval: A glob of files below `examples.root` to evaluate on.
    """

    train: str
    eval: str


class HashSplit(Block):
    """A split of one set of files by a hash of one column.

    Rows with equal values in that column fall into the same split.

    Attributes:
      pattern: A glob of files below `examples.root`.
      column: The column that is hashed.
      train: Share of the hash buckets that train.
      eval: Share of the hash buckets that evaluate.
    """

    pattern: str
    column: str
    train: PositiveInt = 4
    eval: PositiveInt = 1


class Examples(Block):
    """Where the examples are.

    Attributes:
      root: Folder of the files; a relative one is looked up from the folder of the
        configuration file. `ctr run --data` overrides it.
      format: `csv` (with a header line, optionally gzip-compressed), `parquet`, or
        `tfrecord` of tf.Example.
      splits: Explicit inputs for train and eval. Give this, `hash_split` or `spans`.
      hash_split: One input, split by the hash of a column.
      spans: Files by day or number: the newest evaluate, those before them train.
      missing_values: What stands for a missing value in a CSV field.
      extra_columns: Columns that are no features but are kept, as text, to slice by.
    """

    root: str = "."
    format: FileFormat = "csv"
    splits: Splits | None = None
    hash_split: HashSplit | None = None
    spans: Spans | None = None
    missing_values: tuple[str, ...] = ("",)
    extra_columns: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _one_way_to_split(self) -> Examples:
        ways = (self.splits, self.hash_split, self.spans)
        if sum(way is not None for way in ways) != 1:
            raise ValueError("give exactly one of 'splits', 'hash_split' and 'spans'")
        return self

    @model_validator(mode="after")
    def _placeholders_only_in_spans(self) -> Examples:
        if self.splits is not None:
            check_glob("splits.train", self.splits.train)
            check_glob("splits.eval", self.splits.eval)
        if self.hash_split is not None:
            check_glob("hash_split.pattern", self.hash_split.pattern)
        return self


class Label(Block):
    """Which column says whether an impression was clicked.

    Without `greater_than` the column holds 0 and 1. With it the label is derived: 1
    where `column > greater_than` or, with `times`, where
    `column > greater_than * times`.

    Attributes:
      column: The column that holds, or gives, the label.
      greater_than: A threshold that turns a number into a label.
      times: A column that the threshold is multiplied by.
    """

    column: str
    greater_than: float | None = None
    times: str | None = None

    @model_validator(mode="after")
    def _times_needs_a_threshold(self) -> Label:
        if self.times is not None and self.greater_than is None:
            raise ValueError("'times' needs 'greater_than'")
        return self

    @property
    def name(self) -> str:
        """The name of the label in the examples."""
        return self.column if self.greater_than is None else "label"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the label is made of."""
        return (self.column,) if self.times is None else (self.column, self.times)
