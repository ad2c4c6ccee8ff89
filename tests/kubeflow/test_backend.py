"""The emulation refuses what the backend refuses; else it would prove nothing."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from emulation.backend import ROOT, _checked
from emulation.package import Package, RefusedError, Spec
from emulation.storage import Artifacts, ObjectStore, RuntimeArtifact
from kfp.pipeline_spec import pipeline_spec_pb2

TYPES = pipeline_spec_pb2.ParameterType


def resolver_in_place_of_a_container(package: Package) -> None:
    executor = package.executors["exec-LastRelease"]
    queries = executor.resolver.output_artifact_queries
    queries["model"].filter = 'schema_title="tfx.Model"'


def no_wait(package: Package) -> None:
    del package.spec.root.dag.tasks["Trainer"].dependent_tasks[:]


def old_schema(package: Package) -> None:
    package.spec.schema_version = "2.0.0"


def own_name(package: Package) -> None:
    package.spec.pipeline_info.name = "Small_ads"


def underscore(package: Package) -> None:
    tasks = package.spec.root.dag.tasks
    tasks["Trainer_1"].CopyFrom(tasks["Trainer"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (resolver_in_place_of_a_container, "non-container and non-importer"),
        (no_wait, "Trainer: does not wait for"),
        (old_schema, r"only supports schema version 2\.1\.0"),
        (own_name, "pipeline name 'Small_ads'"),
        (underscore, "'Trainer_1': not a name for Argo"),
    ],
)
def test_a_spec_is_refused(
    package: Package, change: Callable[[Package], None], message: str
):
    changed = replace(package, spec=Spec(), executors=copy.deepcopy(package.executors))
    changed.spec.CopyFrom(package.spec)
    change(changed)
    with pytest.raises(RefusedError, match=message):
        changed.check()


def test_a_run_parameter_needs_a_default_or_a_value(package: Package):
    changed = replace(package, spec=Spec())
    changed.spec.CopyFrom(package.spec)
    changed.spec.root.input_definitions.parameters["data"].ClearField("default_value")
    with pytest.raises(RefusedError, match="data: neither value nor default"):
        changed.run_parameters({})
    assert changed.run_parameters({"data": "/clicks"})["data"] == "/clicks"
    with pytest.raises(RefusedError, match="unknown run parameters"):
        package.run_parameters({"steps": 3})


def test_parameters_have_to_be_of_their_type():
    assert _checked("epochs", 3.0, TYPES.NUMBER_INTEGER) == 3.0
    assert _checked("note", 3, TYPES.STRING) == "3"
    with pytest.raises(ValueError, match="type mismatch: expect NUMBER_INTEGER"):
        _checked("epochs", "3", TYPES.NUMBER_INTEGER)
    with pytest.raises(ValueError, match="got null"):
        _checked("epochs", None, TYPES.NUMBER_INTEGER)


def artifact(**metadata):
    found = RuntimeArtifact(uri=f"{ROOT}/a")
    found.metadata.update(metadata)
    return found


def test_artifacts_come_back_without_a_type_and_with_doubles():
    artifacts = Artifacts()
    kept = artifacts.add(
        artifact(blessed=True, span=3, splits=["train"]), "system.Artifact"
    )
    found = artifacts.get(kept)
    assert found.type.instance_schema == ""
    assert found.metadata["blessed"] == 1.0
    assert found.metadata["span"] == 3.0
    assert list(found.metadata["splits"]["list"]) == ["train"]


def test_null_is_no_metadata():
    with pytest.raises(ValueError, match="unsupported value type null"):
        Artifacts().add(artifact(note=None), "system.Artifact")


def test_nothing_is_uploaded_beyond_the_folder_of_a_run(tmp_path: Path):
    store, pod = ObjectStore(tmp_path / "objects"), tmp_path / "pod"
    run = f"{ROOT}/small/run-2"
    with pytest.raises(ValueError, match="does not have expected bucket prefix"):
        store.upload(f"{ROOT}/small/run-1/Trainer/model", pod, run)


def test_empty_folders_are_not_uploaded_nor_missing_ones_downloaded(tmp_path: Path):
    store, pod = ObjectStore(tmp_path / "objects"), tmp_path / "pod"
    uri = f"{ROOT}/small/run-1/Trainer/model"
    (pod / "minio/mlpipeline/v2/artifacts/small/run-1/Trainer/model").mkdir(
        parents=True
    )
    store.upload(uri, pod, f"{ROOT}/small/run-1")
    assert not store.path(uri).exists()
    store.download(uri, tmp_path / "other")
    assert not (tmp_path / "other").exists()
