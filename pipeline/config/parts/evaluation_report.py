"""What the EvaluationReport reads."""

from __future__ import annotations

from pipeline.config.base import Block
from pipeline.config.examples import Examples
from pipeline.config.kubeflow import Kubeflow
from pipeline.config.release import Release
from pipeline.config.root import Config, Metadata
from pipeline.config.spans import LATEST


class EvaluationReportPart(Block):
    """The configuration, since the report shows it.

    Without where things go and what runs them: that decides on no result, and may hold
    a password. And without the span that one run was asked for: the examples say it.
    """

    config: Config

    @classmethod
    def of(cls, config: Config) -> EvaluationReportPart:
        """The part of a configuration."""
        elsewhere = {
            "release": Release(),
            "metadata": Metadata(),
            "kubeflow": Kubeflow(),
            "beam": {},
            "examples": _of_any_run(config.examples),
        }
        return cls(config=config.model_copy(update=elsewhere))


def _of_any_run(examples: Examples) -> Examples:
    if examples.spans is None:
        return examples
    spans = examples.spans.model_copy(update={"newest": LATEST})
    return examples.model_copy(update={"spans": spans})
