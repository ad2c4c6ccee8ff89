"""What a person is told of a configuration that will hardly run on a cluster."""

from __future__ import annotations

import pytest

from kubeflow.compile.warnings import config_warnings


@pytest.fixture
def warnings_of(load):
    """A function from overrides of the configuration to its warnings."""
    return lambda *overrides: list(config_warnings(load(ROOT, *overrides)))


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
def test_a_configuration_that_runs_has_no_warnings(warnings_of, overrides):
    assert warnings_of(*overrides) == []


@pytest.mark.parametrize(
    "overrides", [(), (OF_ONE,), (VOLUME.replace("path: /art", "path: /d"),)]
)
def test_artifacts_need_a_volume_of_all_tasks(warnings_of, overrides):
    (line,) = warnings_of("kubeflow.artifacts=/artifacts", *overrides)
    assert line.startswith("kubeflow.artifacts: /artifacts ")


@pytest.mark.parametrize(
    ("root", "shown"), [("/home/ann/clicks", "/home/ann/clicks"), ("clicks", "/clicks")]
)
def test_examples_need_a_volume(warnings_of, root, shown):
    (line,) = warnings_of(f"examples.root={root}", VOLUME)
    assert line.startswith("examples.root: /")
    assert f"{shown} " in line


@pytest.mark.parametrize("runner", ["FlinkRunner", "spark", "PortableRunner"])
def test_workers_need_shared_artifacts(warnings_of, runner):
    (line,) = warnings_of(f"beam.runner={runner}")
    assert line.startswith("kubeflow.artifacts: ")
    assert runner in line
