"""Files of examples, their splits and the label."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from config.base import Block, Fraction, PositiveInt, RelativeFolder
from config.names import ColumnName
from config.spans import Spans, check_glob

FileFormat = Literal["csv", "parquet", "tfrecord"]

TRAIN = "train"
EVAL = "eval"
SPLITS = (TRAIN, EVAL)


def _one_ascii_character(text: str) -> str:
    if len(text) != 1 or not text.isascii() or text in "\r\n":
        raise ValueError("expected one ASCII character that ends no line")
    return text


def _known_encoding(name: str) -> str:
    try:
        codecs.lookup(name)
    except LookupError:
        raise ValueError(
            "unknown encoding; allowed are those of Python, such as utf-8, latin-1, "
            "cp1252 and utf-16"
        ) from None
    return name


_Character = Annotated[str, AfterValidator(_one_ascii_character)]


class CsvFormat(Block):
    r"""Dialect of CSV files; defaults to RFC 4180 with a header line.

    Attributes:
      delimiter: Separator of the fields, such as `"\t"`.
      quote: Character around a field with delimiters or line breaks, in which it is
        doubled; None if quotes have no meaning.
      escape: Character before a quote, a delimiter or a line break that is part of a
        value, such as `"\\"`; None if there is none.
      encoding: The encoding of the text, by its name in Python.
      columns: Names of the columns, for files without a header line.
      newlines_in_values: `check` rejects a quoted value of several lines that could
        as well be rows, as a stray quote makes them; `allow` takes it for a value.
    """

    delimiter: _Character = ","
    quote: _Character | None = '"'
    escape: _Character | None = None
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    columns: tuple[str, ...] | None = None
    newlines_in_values: Literal["check", "allow"] = "check"

    @model_validator(mode="after")
    def _distinct(self) -> CsvFormat:
        special = [c for c in (self.delimiter, self.quote, self.escape) if c]
        if len(set(special)) < len(special):
            raise ValueError("'delimiter', 'quote' and 'escape' must differ")
        names = self.columns
        if names is not None and (not names or len(set(names)) < len(names)):
            raise ValueError("'columns' must name each column once")
        return self


class Splits(Block):
    """Explicit inputs for each split, such as the last day to evaluate on.

    Attributes:
      train: A glob of files below `examples.root` to train on.
      eval: A glob of files below `examples.root` to evaluate on.
    """

    train: str
    eval: str


class HashSplit(Block):
    """A split of one set of files by a hash.

    Rows with equal values in a column fall into the same split; without a column each
    row is dealt out by itself.

    Attributes:
      pattern: A glob of files below `examples.root`.
      column: The column that is hashed; None for the whole row (the features, the
        label and `examples.extra_columns`) and its number in the file.
      train: Share of the hash buckets that train.
      eval: Share of the hash buckets that evaluate.
    """

    pattern: str
    column: ColumnName | None = None
    train: PositiveInt = 4
    eval: PositiveInt = 1


class TimeSplit(Block):
    """A split of one set of files by time: the past trains, the latest evaluates.

    Attributes:
      pattern: A glob of files below `examples.root`.
      column: The column of the time of each row: a timestamp, a number that grows with
        time, or a text in the form of ISO 8601.
      eval: About the share of the rows that evaluates; rows of one time stay together.
    """

    pattern: str
    column: ColumnName
    eval: Annotated[Fraction, Field(gt=0.0, lt=1.0)] = 0.2


class Examples(Block):
    """Files of examples and their splits.

    Attributes:
      root: Folder of the files; a relative one is looked up from the folder of the
        configuration file. `ctr run --data` overrides it.
      format: `csv` (optionally compressed), `parquet`, or `tfrecord` of tf.Example.
      csv: Dialect of CSV files.
      splits: Explicit inputs for train and eval. Give this, `hash_split`, `time_split`
        or `spans`.
      hash_split: One input, split by the hash of a column or of the row.
      time_split: One input, split by time.
      spans: Files by day or number: the newest evaluate, those before them train.
      missing_values: Texts that stand for a missing value in a CSV field.
      extra_columns: Columns that are no features but are kept, as text, to slice by.
    """

    root: RelativeFolder = "."
    format: FileFormat = "csv"
    csv: CsvFormat = CsvFormat()
    splits: Splits | None = None
    hash_split: HashSplit | None = None
    time_split: TimeSplit | None = None
    spans: Spans | None = None
    missing_values: tuple[str, ...] = ("",)
    extra_columns: tuple[ColumnName, ...] = ()

    @model_validator(mode="after")
    def _one_way_to_split(self) -> Examples:
        ways = (self.splits, self.hash_split, self.time_split, self.spans)
        if sum(way is not None for way in ways) != 1:
            raise ValueError(
                "give exactly one of 'splits', 'hash_split', 'time_split' and 'spans'"
            )
        return self

    @model_validator(mode="after")
    def _placeholders_only_in_spans(self) -> Examples:
        if self.splits is not None:
            check_glob("splits.train", self.splits.train)
            check_glob("splits.eval", self.splits.eval)
        if self.hash_split is not None:
            check_glob("hash_split.pattern", self.hash_split.pattern)
        if self.time_split is not None:
            check_glob("time_split.pattern", self.time_split.pattern)
        return self


class Label(Block):
    """Label of an example: 1 for a click, 0 for none.

    Without `greater_than` the column holds 0 and 1, or booleans. With it the label is
    derived: 1 where `column > greater_than` or, with `times`, where
    `column > greater_than * times`.

    Attributes:
      column: The column that holds, or gives, the label.
      greater_than: A threshold that turns a number into a label.
      times: A column that the threshold is multiplied by.
    """

    column: ColumnName
    greater_than: float | None = None
    times: ColumnName | None = None

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
