"""Names on Kubeflow."""

from __future__ import annotations

import re


def pipeline_name(name: str) -> str:
    """Returns a name without capitals and underscores, which Kubeflow rejects."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
