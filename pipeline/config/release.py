"""How models are released, and where to."""

from __future__ import annotations

from typing import Literal

from pipeline.config.base import Block, PositiveInt

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
