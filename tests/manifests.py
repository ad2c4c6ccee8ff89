"""Manifests of Kubernetes, held against its own models."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import yaml

# Version of the API, and class of its Python client, by kind.
MODELS = {
    "PersistentVolumeClaim": ("v1", "V1PersistentVolumeClaim"),
    "Deployment": ("apps/v1", "V1Deployment"),
    "Service": ("v1", "V1Service"),
    "NetworkPolicy": ("networking.k8s.io/v1", "V1NetworkPolicy"),
    "Job": ("batch/v1", "V1Job"),
    "HorizontalPodAutoscaler": ("autoscaling/v2", "V2HorizontalPodAutoscaler"),
    "PodDisruptionBudget": ("policy/v1", "V1PodDisruptionBudget"),
}


def read_manifests(folder: Path) -> dict[str, Any]:
    """The manifests that a kustomization lists, by kind."""
    names = yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    trees = (yaml.safe_load((folder / name).read_text()) for name in names)
    return {tree["kind"]: tree for tree in trees}


def as_read(manifest: Any, model: str) -> Any:
    """A manifest as Kubernetes' own models read it, which leave out what they lack."""
    from kubernetes.client import ApiClient

    with ApiClient() as api:
        read = api.deserialize(SimpleNamespace(data=json.dumps(manifest)), model)
        return api.sanitize_for_serialization(read)
