"""What the Trainer reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.config.base import Block
from pipeline.config.features import Cross, Features
from pipeline.config.model import EmbeddingSize, Model
from pipeline.config.training import Training

if TYPE_CHECKING:
    from pipeline.config.root import Config


class TrainerPart(Block):
    """What the Trainer reads: the settings are those of the chosen model only."""

    features: Features
    crosses: tuple[Cross, ...]
    label: str
    model: str
    embedding_size: EmbeddingSize
    settings: dict[str, Any]
    training: Training

    @classmethod
    def of(cls, config: Config) -> TrainerPart:
        """The part of a configuration."""
        return cls(
            features=config.features,
            crosses=config.crosses,
            label=config.label.name,
            model=config.model.kind,
            embedding_size=config.model.embedding_size,
            settings=config.model.settings.model_dump(mode="json"),
            training=config.training,
        )

    @property
    def model_settings(self) -> Block:
        """The settings as the block of the chosen model."""
        return Model.model_validate(
            {"kind": self.model, self.model: self.settings}
        ).settings

    def with_values(self, values: Mapping[str, Any]) -> TrainerPart:
        """The part with other values of `embedding_size` or of the model's settings."""
        settings = {**self.settings, **values}
        size = settings.pop("embedding_size", self.embedding_size)
        part = {**self.model_dump(), "settings": settings, "embedding_size": size}
        return TrainerPart.model_validate(part)
