"""What the ExampleValidator reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.config.base import Block
from pipeline.config.evaluation import Skew

if TYPE_CHECKING:
    from pipeline.config.root import Config


class ExampleValidatorPart(Block):
    """What the ExampleValidator reads."""

    drift: dict[str, float]
    skew: Skew | None

    @classmethod
    def of(cls, config: Config) -> ExampleValidatorPart:
        """The part of a configuration."""
        return cls(drift=config.validation.drift, skew=config.validation.skew)
