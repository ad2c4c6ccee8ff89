"""What a person is told of a configuration that will hardly run on a cluster."""

from __future__ import annotations

import pytest
import yaml

from config.load import load_config
from kubeflow.compile.warnings import doubts


@pytest.fixture
def told(tmp_path, settings):
    """A function from overrides of the configuration to what is told."""

    def told(*overrides: str) -> list[str]:
        path = tmp_path / "pipeline.yaml"
        path.write_text(yaml.safe_dump(settings))
        return list(doubts(load_config(path, (ROOT, *overrides))))

    return told


ROOT = "examples.root=gs://bucket/clicks"
VOLUME = "kubeflow.tasks.volumes=[{claim: artifacts, path: /artifacts/}]"
OF_ONE = (
    "kubeflow.components={Trainer: {volumes: [{claim: artifacts, path: /artifacts}]}}"
)


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("kubeflow.artifacts=/artifacts", VOLUME),
        ("kubeflow.artifacts=/artifacts/ads", VOLUME),
        ("kubeflow.artifacts=/models/artifacts",),
        ("kubeflow.artifacts=gs://bucket/artifacts",),
        ("beam.runner=DirectRunner",),
        ("examples.root=/artifacts/clicks", VOLUME),
        ("examples.root=/artifacts/clicks", OF_ONE),
        ("examples.root=/models",),
        ("beam.runner=FlinkRunner", "kubeflow.artifacts=/artifacts", VOLUME),
    ],
)
def test_what_runs_is_told_nothing_of(told, overrides):
    assert told(*overrides) == []


@pytest.mark.parametrize(
    "overrides", [(), (OF_ONE,), (VOLUME.replace("path: /art", "path: /d"),)]
)
def test_artifacts_on_no_volume(told, overrides):
    (line,) = told("kubeflow.artifacts=/artifacts", *overrides)
    assert line.startswith("kubeflow.artifacts: /artifacts is on no volume that all")


@pytest.mark.parametrize(
    ("root", "shown"), [("/home/ann/clicks", "/home/ann/clicks"), ("clicks", "/clicks")]
)
def test_examples_on_no_volume(told, root, shown):
    (line,) = told(f"examples.root={root}", VOLUME)
    assert line.startswith("examples.root: /")
    assert f"{shown} is on no volume that a task has: unless the image or " in line


@pytest.mark.parametrize("runner", ["FlinkRunner", "spark", "PortableRunner"])
def test_workers_that_see_no_artifacts(told, runner):
    (line,) = told(f"beam.runner={runner}")
    assert line.startswith("kubeflow.artifacts: this key is missing; workers of ")
    assert runner in line
