"""What Transform reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.config.base import Block
from pipeline.config.features import Cross, Features

if TYPE_CHECKING:
    from pipeline.config.root import Config


class TransformPart(Block):
    """What Transform reads."""

    features: Features
    crosses: tuple[Cross, ...]
    label: str

    @classmethod
    def of(cls, config: Config) -> TransformPart:
        """The part of a configuration."""
        return cls(
            features=config.features, crosses=config.crosses, label=config.label.name
        )
