"""Release of models, and the checks on a model server before it."""

from __future__ import annotations

from typing import Literal

from config.base import Block, PositiveFloat, PositiveInt, RelativePath

Approval = Literal["manual", "automatic"]


class Release(Block):
    """Approval, directory and retention of released models.

    Attributes:
      approval: `manual`: a model that passed its gates waits for a person; `automatic`:
        it is released.
      keep: Number of older versions to keep, to roll back to.
      model_dir: The directory that TensorFlow Serving polls for versions, relative to
        the configuration file; by default `models/<name>` in the work directory.
    """

    approval: Approval = "manual"
    keep: PositiveInt = 5
    model_dir: RelativePath | None = None


class InfraValidation(Block):
    """Checks of a candidate on a model server.

    Attributes:
      rows: Number of rows of the eval split that are sent, through each signature.
      max_p99_ms: 99th-percentile latency limit of single-row requests, milliseconds;
        None measures it without a limit.
      max_load_seconds: Limit of the time until the model is AVAILABLE, seconds.
    """

    rows: PositiveInt = 500
    max_p99_ms: PositiveFloat | None = None
    max_load_seconds: PositiveFloat = 120.0
