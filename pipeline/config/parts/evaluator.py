"""What the Evaluator reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.config.base import Block
from pipeline.config.evaluation import Gate

if TYPE_CHECKING:
    from pipeline.config.root import Config


class EvaluatorPart(Block):
    """What the Evaluator reads."""

    label: str
    slices: tuple[tuple[str, ...], ...]
    thresholds: tuple[float, ...]
    gates: tuple[Gate, ...]

    @classmethod
    def of(cls, config: Config) -> EvaluatorPart:
        """The part of a configuration."""
        return cls(
            label=config.label.name,
            slices=config.evaluation.slices,
            thresholds=config.evaluation.thresholds,
            gates=config.gates,
        )
