"""Comparison of statistics field by field."""

from __future__ import annotations

from typing import Any

from google.protobuf.json_format import MessageToDict


def flat(statistics: Any) -> dict[str, Any]:
    """All fields that are set, by path; features in the order of their names."""
    (dataset,) = statistics.datasets
    dataset.features.sort(key=lambda feature: feature.path.step[0])
    found: dict[str, Any] = {}

    def visit(path: str, value: Any) -> None:
        if isinstance(value, dict):
            for key, each in value.items():
                visit(f"{path}.{key}", each)
        elif isinstance(value, list):
            for index, each in enumerate(value):
                visit(f"{path}[{index}]", each)
        # Of infinite values, TFDV's mean depends on the order of the batches.
        elif not (path.endswith(".mean") and value in ("Infinity", "-Infinity", "NaN")):
            found[path] = value

    visit("", MessageToDict(dataset))
    return found
