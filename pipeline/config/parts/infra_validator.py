"""What the InfraValidator reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.config.base import Block
from pipeline.config.infra_validation import InfraValidation
from pipeline.config.serving import Batching

if TYPE_CHECKING:
    from pipeline.config.root import Config


class InfraValidatorPart(Block):
    """What the InfraValidator reads: of how a server serves, what it answers by."""

    name: str
    validation: InfraValidation
    batching: Batching | None

    @classmethod
    def of(cls, config: Config, validation: InfraValidation) -> InfraValidatorPart:
        """The part of a configuration."""
        return cls(
            name=config.name, validation=validation, batching=config.serving.batching
        )
