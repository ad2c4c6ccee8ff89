"""How a candidate is tried on a model server before it may be released."""

from __future__ import annotations

from pipeline.config.base import Block, PositiveFloat, PositiveInt


class InfraValidation(Block):
    """How a candidate is tried on a model server before it may be released.

    Attributes:
      rows: How many rows of the eval split are sent, through each signature.
      max_p99_ms: The longest that 99% of the requests, of a row each, may take, in
        milliseconds; None where that is measured, but does not decide.
      max_load_seconds: How long it may take until the model is AVAILABLE.
    """

    rows: PositiveInt = 500
    max_p99_ms: PositiveFloat | None = None
    max_load_seconds: PositiveFloat = 120.0
