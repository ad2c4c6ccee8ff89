"""The model that requests are for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from config.errors import InputError
from serving.client import messages


@dataclass(frozen=True)
class Target:
    """A model on a server, in its newest version unless a version or label is given.

    Attributes:
      label: Label of a version, such as `canary`.
    """

    model: str
    version: int | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        if not self.model:
            raise InputError("model: got an empty name; give the name it is served by")
        if self.version is not None and self.label is not None:
            raise InputError(
                f"model {self.model!r}: got version {self.version} and label "
                f"{self.label!r}; allowed: one of them"
            )

    def labelled(self, label: str) -> Target:
        """Returns the same model in the version with a label."""
        return replace(self, label=label)

    def spec(self, signature: str = "") -> Any:
        """Returns the ModelSpec of a request."""
        spec = messages.ModelSpec(name=self.model, signature_name=signature)
        if self.version is not None:
            spec.version.value = self.version
        if self.label is not None:
            spec.version_label = self.label
        return spec

    def __str__(self) -> str:
        if self.version is not None:
            return f"model {self.model!r}, version {self.version}"
        if self.label is not None:
            return f"model {self.model!r}, label {self.label!r}"
        return f"model {self.model!r}"
