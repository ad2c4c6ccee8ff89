"""What the weights of a model start from."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from pipeline.config.base import Block
from pipeline.config.names import ColumnName

LAST_RELEASE = "last_release"


class WarmStart(Block):
    """Weights to start from, instead of random ones.

    Attributes:
      model: `last_release`, or a folder, relative to the configuration file: an
        exported model, or the `release.model_dir` of a sibling pipeline, of which
        the newest version is taken.
      vectors: For each categorical feature a Parquet file with embedding vectors by
        term, relative to the configuration file: columns `term` (string) and `vector`
        (a list of numbers). They take the place of what the model has for these
        terms.
    """

    model: Annotated[str, Field(min_length=1)] | None = None
    vectors: dict[ColumnName, Annotated[str, Field(min_length=1)]] = {}

    @model_validator(mode="after")
    def _from_something(self) -> WarmStart:
        if self.model is None and not self.vectors:
            raise ValueError("give 'model', 'vectors' or both")
        return self
