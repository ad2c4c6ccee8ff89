"""A server of Kubeflow Pipelines, a client of it, and a small compiled pipeline."""

from __future__ import annotations

from pathlib import Path

import kfp
import pytest
from emulation.server import serving

from kubeflow.client.connection import Connection, connect
from kubeflow.client.package import Package

SPEC = """
schemaVersion: 2.1.0
sdkVersion: tfx-1.16.0
pipelineInfo: {name: ads}
deploymentSpec:
  executors:
    train: {container: {image: ads:1, command: [train]}}
components:
  comp-train: {executorLabel: train}
root:
  inputDefinitions:
    parameters:
      span: {parameterType: STRING, defaultValue: latest}
      steps: {parameterType: NUMBER_INTEGER, defaultValue: 100}
      rate: {parameterType: NUMBER_DOUBLE, defaultValue: 0.1}
      warm: {parameterType: BOOLEAN, defaultValue: true}
      layers: {parameterType: LIST, isOptional: true}
      extra: {parameterType: STRUCT, isOptional: true}
  dag:
    tasks:
      ExampleValidator:
        taskInfo: {name: ExampleValidator}
        componentRef: {name: comp-train}
      Trainer:
        taskInfo: {name: Trainer}
        componentRef: {name: comp-train}
        dependentTasks: [ExampleValidator]
---
platforms:
  kubernetes:
    deploymentSpec:
      executors:
        train: {nodeSelector: {labels: {disk: ssd}}}
"""


@pytest.fixture
def server(monkeypatch, tmp_path):
    # Not that of the person who runs the tests.
    monkeypatch.setattr(
        kfp.Client, "_LOCAL_KFP_CONTEXT", str(tmp_path / "context.json")
    )
    monkeypatch.delenv("KF_PIPELINES_ENDPOINT", raising=False)
    with serving() as server:
        yield server


@pytest.fixture
def client(server):
    with connect(Connection(host=server.url)) as client:
        yield client


@pytest.fixture
def package(tmp_path) -> Package:
    return write_package(tmp_path / "ads.yaml")


def write_package(path: Path, spec: str = SPEC) -> Package:
    path.write_text(spec)
    return Package.read(path)
