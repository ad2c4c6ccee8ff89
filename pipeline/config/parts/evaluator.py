"""What the Evaluator reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipeline.config.base import Block
from pipeline.config.evaluation import Gate, OnBaselineProblem

if TYPE_CHECKING:
    from pipeline.config.root import Config


class EvaluatorPart(Block):
    """What the Evaluator reads."""

    label: str
    slices: tuple[tuple[str, ...], ...]
    thresholds: tuple[float, ...]
    group_by: str | None
    on_baseline_problem: OnBaselineProblem
    gates: tuple[Gate, ...]

    @classmethod
    def of(cls, config: Config) -> EvaluatorPart:
        """The part of a configuration."""
        return cls(
            label=config.label.name,
            slices=config.evaluation.slices,
            thresholds=config.evaluation.thresholds,
            group_by=config.evaluation.group_by,
            on_baseline_problem=config.evaluation.on_baseline_problem,
            gates=config.gates,
        )
