"""The manifests of ML Metadata are what Kubernetes takes, and fit together."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

import kubeflow
from config.kubeflow import Kubeflow
from kubeflow.compile.pods import METADATA_VARIABLE
from tests.manifests import MODELS, as_read, read_manifests

KINDS = {"PersistentVolumeClaim", "Deployment", "Service", "NetworkPolicy", "Job"}


@pytest.fixture(scope="module")
def manifests():
    return read_manifests(Path(kubeflow.__path__[0]) / "deploy" / "metadata")


def pod(manifest):
    return manifest["spec"]["template"]


def secrets(container):
    return {
        each["name"]: each["valueFrom"]["secretKeyRef"]
        for each in container["env"]
        if "valueFrom" in each
    }


def test_manifests_follow_the_kubernetes_schema(manifests):
    assert manifests.keys() == KINDS
    for kind in KINDS:
        version, model = MODELS[kind]
        assert manifests[kind]["apiVersion"] == version
        assert as_read(manifests[kind], model) == manifests[kind]


def test_the_job_has_the_url_of_the_tasks(manifests):
    (container,) = pod(manifests["Job"])["spec"]["containers"]
    default = Kubeflow().metadata_secret
    expected = {"name": default.secret, "key": default.key}
    assert secrets(container) == {METADATA_VARIABLE: expected}
    *_, module = container["command"]
    assert find_spec(module) is not None


def test_the_database_is_found_and_keeps_its_files(manifests):
    deployment = manifests["Deployment"]
    labels = pod(deployment)["metadata"]["labels"]
    for selector in (
        deployment["spec"]["selector"]["matchLabels"],
        manifests["Service"]["spec"]["selector"],
        manifests["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    (volume,) = pod(deployment)["spec"]["volumes"]
    claim = manifests["PersistentVolumeClaim"]["metadata"]["name"]
    assert volume["persistentVolumeClaim"]["claimName"] == claim
    (container,) = pod(deployment)["spec"]["containers"]
    (port,) = container["ports"]
    (served,) = manifests["Service"]["spec"]["ports"]
    assert (served["port"], served["targetPort"]) == (3306, port["name"])


def test_only_tasks_and_the_job_reach_the_database(manifests):
    (rule,) = manifests["NetworkPolicy"]["spec"]["ingress"]
    admitted = [each["podSelector"]["matchLabels"] for each in rule["from"]]
    assert admitted == [
        {"pipelines.kubeflow.org/v2_component": "true"},
        pod(manifests["Job"])["metadata"]["labels"],
    ]
