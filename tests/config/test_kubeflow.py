"""The block that says how the pipeline runs on Kubeflow."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

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


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("images=x", "unknown key 'images'; allowed: image, "),
        ("metadata=mlmd:8080", r"kubeflow\.metadata: got 'mlmd:8080'"),
        # A password is in a secret.
        ("metadata=mysql://ann:pw@db/mlmd", r"name that in kubeflow\.metadata_secret$"),
        (
            "pipeline_root=/volume",
            r"kubeflow\.pipeline_root: got '/volume'; expected a URL of",
        ),
        # Neither TFX nor Beam reads it.
        (
            "artifacts=s3://bucket/ads",
            r"kubeflow\.artifacts: got 's3://bucket/ads'; expected /",
        ),
        (
            "models={claim: m, path: models}",
            r"kubeflow\.models\.path: got 'models'; expected an absolute path",
        ),
        (
            "tasks.memory=much",
            r"kubeflow\.tasks\.memory: got 'much'; expected such as 16Gi",
        ),
        ("tasks.gpus=0", r"kubeflow\.tasks\.gpus: got 0"),
        ("components={Trainer: {gpu: 1}}", r"components\.Trainer: unknown key 'gpu'"),
        (
            "tasks.tolerations=[{operator: equal}]",
            r"kubeflow\.tasks\.tolerations\[0\]\.operator: got 'equal'",
        ),
    ],
)
def test_what_it_cannot_be(message: Callable[..., str], key: str, expected: str):
    assert re.search(expected, message(f"kubeflow.{key}"))


def test_urls_are_no_paths(load: Callable[..., Config]):
    config = load("examples.root=gs://clicks/ads", "release.model_dir=gs://models/ads")
    assert config.examples.root == "gs://clicks/ads"
    assert config.release.model_dir == "gs://models/ads"


def test_metadata_of_a_person_is_in_one_place(message: Callable[..., str]):
    both = "metadata={grpc: 'localhost:8080', mysql: mysql://a/b}"
    assert message(both) == "metadata: give at most one of 'mysql' and 'grpc'"
