"""Settings of the calibration of a trained model."""

from __future__ import annotations

from typing import Literal

from pydantic import model_validator

from config.base import Block
from config.names import ColumnName


class Calibration(Block):
    """Correction of the predictions on the examples that training held out.

    Attributes:
      method: `isotonic` for any increasing curve, `platt` for a straight line in
        log-odds, `none` for the predictions of the model.
      by: Features for whose values the predictions are corrected further, one feature
        after the other; each has one value in an example, and ids.
    """

    method: Literal["isotonic", "platt", "none"] = "none"
    by: tuple[ColumnName, ...] = ()

    @model_validator(mode="after")
    def _corrects_something(self) -> Calibration:
        if self.by and self.method == "none":
            raise ValueError(
                "'by' refines a calibration, and 'method' is none: choose isotonic or "
                "platt, or remove 'by'"
            )
        if len(set(self.by)) < len(self.by):
            raise ValueError(f"a feature stands twice in 'by': {list(self.by)}")
        return self
