"""Settings as values of KerasTuner, and as text."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

# Prefix of what KerasTuner's Hyperband adds to the settings of a trial.
_HYPERBAND = "tuner/"
# Maximum epochs of a trial, among them.
EPOCHS = f"{_HYPERBAND}epochs"


def encoded(choices: Sequence[Any]) -> list[Any]:
    """Encodes choices for KerasTuner: numbers of one type, or JSON texts."""
    types = {type(choice) for choice in choices}
    if types in ({int}, {float}):
        return list(choices)
    return [json.dumps(choice) for choice in choices]


def decoded(values: Mapping[str, Any]) -> dict[str, Any]:
    """Decodes the settings from KerasTuner's values, without those of its Hyperband."""
    return {
        name: json.loads(value) if isinstance(value, str) else value
        for name, value in values.items()
        if not name.startswith(_HYPERBAND)
    }


def in_words(values: Mapping[str, Any]) -> str:
    """Formats settings, such as `embedding_size 8, learning_rate 0.00213`."""
    return ", ".join(f"{name} {value_text(value)}" for name, value in values.items())


def value_text(value: Any) -> str:
    """Formats the value of a setting."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
