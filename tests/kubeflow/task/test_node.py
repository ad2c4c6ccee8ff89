"""What a container is handed, and what it leaves."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2
from tfx.types import standard_artifacts

from components.shared.artifacts import HtmlReport
from config.errors import ConfigError, RunError
from kubeflow.bundle import Bundle
from kubeflow.compile.parameters import with_run_parameters
from kubeflow.task.entrypoint import main
from kubeflow.task.inputs import check_copies, parameters_of
from kubeflow.task.metadata import connection_of
from kubeflow.task.node import KubeflowTask
from kubeflow.task.outputs import (
    artifact_with_metadata,
    import_uri,
    keep_folder,
    made_artifact,
)
from kubeflow.task.paths import (
    ROOT_VARIABLE,
    is_copy,
    local_path,
    model_dir_of,
    uri_of,
)
from pipeline.dag import create_pipeline
from pipeline.metadata import connection_to
from pipeline.run.nodes import NodeRunner

URIS = {
    "minio://mlpipeline/v2/artifacts/a": "/minio/mlpipeline/v2/artifacts/a",
    "s3://bucket/a": "/s3/bucket/a",
    "gs://bucket/a": "/gcs/bucket/a",
}


def test_objects_are_where_the_launcher_copies_them(monkeypatch):
    for uri, path in URIS.items():
        assert local_path(uri) == path
        assert uri_of(path) == uri
        assert is_copy(path)
    assert not is_copy("/models/small/1")
    for convert in (uri_of, local_path):
        with pytest.raises(ValueError, match="/models/small/1"):
            convert("/models/small/1")
    monkeypatch.setenv(ROOT_VARIABLE, "/tmp/pod")
    assert local_path("s3://bucket/a") == "/tmp/pod/s3/bucket/a"


def test_run_parameters_go_where_the_configuration_has_them(load):
    values = {"data": "gs://clicks", "epochs": 3.0, "approval": "automatic"}
    found = with_run_parameters(load("training.seed=5"), {**values, "run_id": "r"})
    assert found.examples.root == "gs://clicks"
    assert found.training.epochs == 3
    assert found.release.approval == "automatic"
    assert found.training.seed == 5


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"epochs": 0.0}, "training.epochs: got 0"),
        ({"epochs": 1.5}, "training.epochs: got 1.5"),
        ({"approval": "yes"}, "release.approval: got 'yes'"),
    ],
)
def test_run_parameters_are_checked(load, values, named):
    all_values = {"data": "/data", "epochs": 3.0, "approval": "manual", **values}
    with pytest.raises(ConfigError, match=re.escape(named)):
        with_run_parameters(load(), all_values)


def test_a_curated_schema_goes_with_the_configuration(load, tmp_path):
    (tmp_path / "schema.pbtxt").write_text('feature { name: "age" }')
    before = load(f"validation.schema_file={tmp_path}/schema.pbtxt")
    packed = Bundle.of(before).model_dump_json()
    (tmp_path / "schema.pbtxt").unlink()
    after = Bundle.model_validate_json(packed).unpack(tmp_path / "pod")
    assert after.validation.schema_file == str(tmp_path / "pod" / "schema.pbtxt")
    assert Path(after.validation.schema_file).read_text() == 'feature { name: "age" }'
    assert after.features == before.features


def test_a_configuration_without_files_comes_back(load, tmp_path):
    config = load()
    packed = Bundle.of(config).model_dump_json()
    assert Bundle.model_validate_json(packed).unpack(tmp_path) == config


def test_a_missing_schema_is_an_error_when_compiling(load):
    with pytest.raises(ConfigError, match=r"^validation\.schema_file: .*none\.pbtxt"):
        Bundle.of(load("validation.schema_file=none.pbtxt"))


def test_metadata_is_in_a_secret_or_in_the_configuration(load, monkeypatch):
    # With the line break that a file of a secret mostly has.
    monkeypatch.setenv("CTR_METADATA", "mysql://ann:hunter2@db/mlmd\n")
    connection = connection_of(load("kubeflow.metadata=null"))
    assert (connection.mysql.password, connection.mysql.database) == ("hunter2", "mlmd")
    assert connection_of(load("kubeflow.metadata=grpc://mlmd:8080")).host == "mlmd"


def test_models_go_to_the_volume_or_an_object_store(load):
    assert model_dir_of(load()) == "/models/Small_ads"
    # A folder of the machine that compiled is none of a container's.
    assert model_dir_of(load("release.model_dir=models")) == "/models/Small_ads"
    assert model_dir_of(load("release.model_dir=gs://b/ads")) == "gs://b/ads"


def test_a_folder_without_files_gets_one(tmp_path):
    keep_folder(str(tmp_path / "empty"))
    assert len(list((tmp_path / "empty").iterdir())) == 1
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    keep_folder(str(tmp_path / "full"))
    assert len(list((tmp_path / "full").iterdir())) == 1


def test_metadata_has_no_null_no_list_and_no_object():
    examples = standard_artifacts.Examples()
    examples.uri = "/minio/b/examples"
    examples.split_names = '["train"]'
    examples.set_json_value_custom_property("counts", {"train": [1, 2]})
    examples.set_int_custom_property("rows", 3)
    examples.mlmd_artifact.custom_properties["nothing"].Clear()
    metadata = artifact_with_metadata(examples).metadata
    assert metadata["split_names"] == '["train"]'
    assert json.loads(metadata["counts"]) == {"train": [1, 2]}
    assert metadata["rows"] == 3
    assert metadata["tfx_type"] == "Examples"
    assert "nothing" not in metadata

    # A type of ours.
    report = HtmlReport()
    report.uri = "/minio/b/report"
    assert artifact_with_metadata(report).metadata["tfx_type"] == "HTML"


@pytest.mark.parametrize("made", [0, 2])
def test_an_output_that_a_node_declares_is_one_artifact(made):
    outputs = {"model": [standard_artifacts.Model()] * made, "model_run": []}
    with pytest.raises(RunError, match=f"'model': expected one artifact, got {made}"):
        made_artifact(outputs, "model")


def test_a_task_fails_without_an_output_that_its_node_declares(
    local, executor_input, monkeypatch
):
    artifacts = executor_input.outputs.artifacts
    artifacts["executor-logs"].artifacts.add(uri="minio://b/run/executor-logs-0")
    artifacts["examples"].artifacts.add(uri="minio://b/run/examples")
    monkeypatch.setattr(NodeRunner, "run", lambda *_: ({}, False))
    with pytest.raises(RunError, match="'examples'"):
        KubeflowTask("ExampleGen", local, executor_input).run()


@pytest.fixture
def outputs():
    """Of a resolver."""
    outputs = pipeline_spec_pb2.ExecutorInput.Outputs()
    outputs.artifacts["nothing"].artifacts.add(uri="minio://b/run/nothing")
    return outputs


def test_what_was_found_is_imported_by_its_uri(outputs):
    assert import_uri(outputs, "/minio/b/run-1/model") == "minio://b/run-1/model"


@pytest.mark.parametrize("path", [None, "", "/models/small/1"])
def test_nothing_found_is_a_uri_too(outputs, path):
    assert import_uri(outputs, path) == "minio://b/run/nothing"


def test_parameters_of_all_types():
    inputs = pipeline_spec_pb2.ExecutorInput.Inputs()
    inputs.parameter_values["data"].string_value = "/data"
    inputs.parameter_values["epochs"].number_value = 3
    inputs.parameter_values["override"].bool_value = False
    assert parameters_of(inputs) == {"data": "/data", "epochs": 3.0, "override": False}


@pytest.fixture
def store(tmp_path):
    """ML Metadata, and its URL."""
    url = f"sqlite://{tmp_path}/metadata.sqlite"
    return metadata_store.MetadataStore(connection_to(url)), connection_to(url)


def put_model(store, uri):
    kind = metadata_store_pb2.ArtifactType(name="Model")
    model = metadata_store_pb2.Artifact(
        type_id=store.put_artifact_type(kind),
        uri=uri,
        state=metadata_store_pb2.Artifact.LIVE,
    )
    return store.put_artifacts([model])[0]


def test_a_missing_copy_is_an_error_and_not_resolved_again(
    store, tmp_path, monkeypatch
):
    metadata, connection = store
    monkeypatch.setenv(ROOT_VARIABLE, str(tmp_path))
    inputs = pipeline_spec_pb2.ExecutorInput.Inputs()
    for name in ("model", "baseline"):
        inputs.artifacts[name].artifacts.add(uri=f"minio://b/{name}")
    (tmp_path / "minio/b/model").mkdir(parents=True)
    ids = [put_model(metadata, str(tmp_path / "minio/b" / n)) for n in inputs.artifacts]
    with pytest.raises(RunError, match=r"^baseline: minio://b/baseline "):
        check_copies(connection, inputs)
    states = {
        each.uri: each.state for each in metadata.get_artifacts_by_id(sorted(ids))
    }
    assert states == {
        str(tmp_path / "minio/b/model"): metadata_store_pb2.Artifact.LIVE,
        str(tmp_path / "minio/b/baseline"): metadata_store_pb2.Artifact.DELETED,
    }


@pytest.fixture
def executor_input():
    """What any task is handed."""
    executor_input = pipeline_spec_pb2.ExecutorInput()
    values = executor_input.inputs.parameter_values
    for name, text in (("data", "/data"), ("approval", "manual"), ("run_id", "r")):
        values[name].string_value = text
    values["epochs"].number_value = 1
    return executor_input


@pytest.fixture
def local(load, tmp_path):
    """The configuration, with ML Metadata in a file."""
    return load(f"kubeflow.metadata=sqlite://{tmp_path}/metadata.sqlite")


def test_a_task_does_not_begin_without_its_files(local, executor_input):
    executor_input.inputs.artifacts["model"].artifacts.add(uri="minio://b/model")
    with pytest.raises(RunError, match="model: minio://b/model "):
        KubeflowTask("Evaluator", local, executor_input).run()


@pytest.mark.parametrize(
    ("epochs", "run_id", "status", "named"),
    [
        # The image has other code.
        (1, "r", 1, "Booster"),
        (0, "r", 2, "training.epochs: got 0"),
        # The driver of an older server replaces no placeholder.
        (1, "{{$.pipeline_job_uuid}}", 1, "2.5"),
    ],
)
def test_a_container_ends_with_one_line(
    local, executor_input, capsys, epochs, run_id, status, named
):
    values = executor_input.inputs.parameter_values
    values["epochs"].number_value = epochs
    values["run_id"].string_value = run_id
    handed = json_format.MessageToDict(executor_input)
    # Later backends may say more.
    handed["inputs"]["newer"] = {"than": "this"}
    bundle = Bundle.of(local).encode()
    arguments = ["--node", "Booster", "--bundle", bundle]

    assert main([*arguments, "--executor_input", json.dumps(handed)]) == status

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert named in line


@pytest.mark.parametrize(
    ("use_cache", "anew"),
    [(True, {"ReleaseGate", "Pusher"}), (False, None)],
    ids=["shared", "copied"],
)
def test_what_is_copied_is_never_served_from_the_cache_of_tfx(
    local, tmp_path, use_cache, anew
):
    connection = connection_of(local)
    dag = create_pipeline(local, str(tmp_path), str(tmp_path / "models"), connection)
    nodes = NodeRunner(dag, "run", use_cache=use_cache).nodes

    uncached = {
        node.node_info.id
        for node in nodes
        if not node.execution_options.caching_options.enable_cache
    }

    assert uncached == (anew or {node.node_info.id for node in nodes})
