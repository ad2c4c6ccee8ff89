"""Result of the InfraValidator."""

from __future__ import annotations

from components.shared.artifact_file import ArtifactFile
from config.base import Block


class Answers(Block):
    """Answers through a signature.

    Attributes:
      differing: Number of answers that differ from the model's own predictions.
      largest_difference: Of an answer and the model's own prediction; None where one
        of them is no number.
      p50_ms: The median time of a request of one row, in milliseconds.
      p99_ms: Its 99th percentile.
    """

    differing: int
    largest_difference: float | None
    p50_ms: float
    p99_ms: float


class InfraRecord(Block, ArtifactFile):
    """Result of a candidate on a model server.

    Attributes:
      server: Name of the server.
      server_tensorflow: Version of its TensorFlow; None if it does not tell it.
      model_tensorflow: Version of the TensorFlow that exported the model.
      rows: Number of rows that were sent through each signature.
      load_seconds: Time until the model was AVAILABLE, seconds; None where it did
        not come to be.
      answers: Answers by signature; empty where a request was rejected.
      reasons: Why the candidate is not to be released; empty where it may be.
    """

    FILE = "infra_validation.json"

    server: str
    server_tensorflow: str | None = None
    model_tensorflow: str | None = None
    rows: int
    load_seconds: float | None = None
    answers: dict[str, Answers] = {}
    reasons: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True if the candidate may be released."""
        return not self.reasons

    def in_words(self) -> list[str]:
        """Why the candidate passed or not, as the gates say it."""
        if self.reasons:
            return [f"failed: infra: {reason}" for reason in self.reasons]
        passed = f"passed: infra: {self.summary()}"
        if not self.server_is_older:
            return [passed]
        return [
            passed,
            f"warning: infra: {self.server} has TensorFlow {self.server_tensorflow}, "
            f"the model was exported by {self.model_tensorflow}; serve it by that or a "
            "later version: an older one need not know all of its operations",
        ]

    @property
    def server_is_older(self) -> bool:
        """True if the server has an older TensorFlow, patch releases aside."""
        if self.server_tensorflow is None or self.model_tensorflow is None:
            return False
        return _minor(self.server_tensorflow) < _minor(self.model_tensorflow)

    def summary(self) -> str:
        """Describes the measurements of a candidate that passed."""
        times = ", ".join(
            f"{each.p99_ms:.1f} ms by {signature}"
            for signature, each in self.answers.items()
        )
        return (
            f"{self.server} answers {self.rows:,} rows as the model itself does; p99: "
            f"{times}"
        )


def _minor(version: str) -> tuple[int, int]:
    major, minor, *_ = version.split(".")
    return int(major), int(minor)
