"""Configuration of the EvaluationReport."""

from __future__ import annotations

from typing import Any

from config.base import Block
from config.examples import Examples
from config.root import Config
from config.secrets import masked
from config.spans import LATEST

# Blocks that affect no result: places, runners and serving.
_ELSEWHERE = ("release", "metadata", "kubeflow", "beam", "serving")


class EvaluationReportPart(Block):
    """The configuration, since the report shows it.

    Without what decides on no result, and without the span that one run was asked for:
    the examples say it.
    """

    config: Config

    @classmethod
    def of(cls, config: Config) -> EvaluationReportPart:
        """The part of a configuration."""
        defaults = {
            name: Config.model_fields[name].get_default(call_default_factory=True)
            for name in _ELSEWHERE
        }
        examples = _of_any_run(config.examples)
        return cls(config=config.model_copy(update={**defaults, "examples": examples}))

    def shown(self) -> dict[str, Any]:
        """The configuration as the report shows it, without passwords."""
        settings = self.config.model_dump(
            mode="json", exclude=set(_ELSEWHERE), exclude_none=True
        )
        shown: dict[str, Any] = masked(settings)
        return shown


def _of_any_run(examples: Examples) -> Examples:
    if examples.spans is None:
        return examples
    spans = examples.spans.model_copy(update={"newest": LATEST})
    return examples.model_copy(update={"spans": spans})
