"""The resources of tasks on Kubeflow."""

from __future__ import annotations

from config.kubeflow import Task

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
