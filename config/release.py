"""How models are released, and where to."""

from __future__ import annotations

from typing import Literal

from config.base import Block, PositiveFloat, PositiveInt

Approval = Literal["manual", "automatic"]


class Release(Block):
    """How models are released, and where to.

    Attributes:
      approval: `manual`: a model that passed its gates waits for a person; `automatic`:
        it is released.
      keep: How many versions stay beside the newest one, to roll back to.
      model_dir: The directory that TensorFlow Serving polls for versions, relative to
        the configuration file; by default `models/<name>` in the work directory.
    """

    approval: Approval = "manual"
    keep: PositiveInt = 5
    model_dir: str | None = None


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
