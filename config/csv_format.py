"""Dialect of CSV files."""

from __future__ import annotations

import codecs
from typing import Annotated, Literal

from pydantic import AfterValidator, model_validator

from config.base import Block


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
