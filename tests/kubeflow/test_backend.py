"""The emulation rejects what the backend rejects; else it would prove nothing."""

from __future__ import annotations

import copy
from dataclasses import replace

import pytest
from emulation.package import RefusedError, Spec


def resolver_in_place_of_a_container(package):
    executor = package.executors["exec-LastRelease"]
    queries = executor.resolver.output_artifact_queries
    queries["model"].filter = 'schema_title="tfx.Model"'


def no_wait(package):
    del package.spec.root.dag.tasks["Trainer"].dependent_tasks[:]


def old_schema(package):
    package.spec.schema_version = "2.0.0"


def own_name(package):
    package.spec.pipeline_info.name = "Small_ads"


def underscore(package):
    tasks = package.spec.root.dag.tasks
    tasks["Trainer_1"].CopyFrom(tasks["Trainer"])


@pytest.fixture
def changed(package):
    """A copy of the package, to be changed."""
    executors = copy.deepcopy(package.executors)
    changed = replace(package, spec=Spec(), executors=executors)
    changed.spec.CopyFrom(package.spec)
    return changed


@pytest.mark.parametrize(
    "change",
    [resolver_in_place_of_a_container, no_wait, old_schema, own_name, underscore],
)
def test_a_spec_is_rejected(changed, change):
    changed.check()
    change(changed)
    with pytest.raises(RefusedError):
        changed.check()


def test_a_run_parameter_needs_a_default_or_a_value(changed):
    changed.spec.root.input_definitions.parameters["data"].ClearField("default_value")
    with pytest.raises(RefusedError, match="data"):
        changed.run_parameters({})
    assert changed.run_parameters({"data": "/clicks"})["data"] == "/clicks"
    with pytest.raises(RefusedError, match="steps"):
        changed.run_parameters({"data": "/clicks", "steps": 3})
