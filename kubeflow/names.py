"""Names as Kubeflow takes them."""

from __future__ import annotations

import re


def pipeline_name(name: str) -> str:
    """A name as Kubeflow takes it; ours may have capitals and underscores."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
