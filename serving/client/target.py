"""Which model is asked."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from config.errors import InputError
from serving.client import messages


@dataclass(frozen=True)
class Target:
    """A model on a server, by default in its newest version.

    Attributes:
      model: Its name.
      version: Asks this version.
      label: Asks the version that has this label, such as `canary`.
    """

    model: str
    version: int | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        """Checks the parts against each other."""
        if not self.model:
            raise InputError(
                "the model has no name; give that under which it is served"
            )
        if self.version is not None and self.label is not None:
            raise InputError(
                f"model {self.model!r}: got a version and a label; give one of them"
            )

    def labelled(self, label: str) -> Target:
        """The same model, in the version that has a label."""
        return replace(self, label=label)

    def spec(self, signature: str = "") -> Any:
        """The target in a request."""
        spec = messages.ModelSpec(name=self.model, signature_name=signature)
        if self.version is not None:
            spec.version.value = self.version
        if self.label is not None:
            spec.version_label = self.label
        return spec

    def __str__(self) -> str:
        """The target in an error."""
        if self.version is not None:
            return f"model {self.model!r}, version {self.version}"
        if self.label is not None:
            return f"model {self.model!r}, label {self.label!r}"
        return f"model {self.model!r}"
