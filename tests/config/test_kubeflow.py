"""The resources of tasks on Kubeflow, and URLs in place of paths."""

from __future__ import annotations

from collections.abc import Callable

from config.kubeflow import Task
from config.root import Config

ALL = Task.model_validate(
    {
        "cpu": "500m",
        "memory": "8Gi",
        "node_selector": {"zone": "a", "disk": "ssd"},
        "variables": {"LEVEL": "info"},
        "tolerations": [{"key": "spot"}],
        "volumes": [{"claim": "clicks", "path": "/data"}],
    }
)


def test_a_component_gets_what_all_get():
    assert ALL.with_own(Task()) == ALL


def test_amounts_of_its_own_are_instead_and_the_rest_on_top():
    own = Task.model_validate(
        {
            "memory": "16Gi",
            "gpus": 2,
            "node_selector": {"zone": "b"},
            "tolerations": [{"key": "gpu", "effect": "NoSchedule"}],
        }
    )
    both = ALL.with_own(own)
    assert (both.cpu, both.memory, both.gpus) == ("500m", "16Gi", 2)
    assert both.node_selector == {"zone": "b", "disk": "ssd"}
    assert [each.key for each in both.tolerations] == ["spot", "gpu"]
    assert both.volumes == ALL.volumes
    assert both.variables == {"LEVEL": "info"}


def test_urls_are_no_paths(load: Callable[..., Config]):
    config = load("examples.root=gs://clicks/ads", "release.model_dir=gs://models/ads")
    assert config.examples.root == "gs://clicks/ads"
    assert config.release.model_dir == "gs://models/ads"
