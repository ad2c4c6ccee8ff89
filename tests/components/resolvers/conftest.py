"""Releases as the Pusher and people record them."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from components.shared.artifacts import Release
from serving.releases.records import ReleaseRecord

from ..artifacts import release


def release_of(model: str, number: int, status: str, **fields: Any) -> Release:
    """The record of a model, by its URI; with higher numbers later."""
    record = ReleaseRecord(
        id=number,
        status=status,
        model_uri=model,
        digest=fields.pop("digest", f"digest {model}"),
        at=datetime(2026, 1, number, tzinfo=timezone.utc),
        **fields,
    )
    return release(record)
