"""What the EvaluationReport reads."""

from __future__ import annotations

from pipeline.config.base import Block
from pipeline.config.kubeflow import Kubeflow
from pipeline.config.release import Release
from pipeline.config.root import Config, Metadata


class EvaluationReportPart(Block):
    """The configuration, since the report shows it.

    Without where things go and what runs them: that decides on no result, and may hold
    a password.
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
        }
        return cls(config=config.model_copy(update=elsewhere))
