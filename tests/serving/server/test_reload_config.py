"""Models, policies and labels are replaced while the server runs."""

from __future__ import annotations

import logging

import pytest
from google.protobuf import text_format
from tensorflow_serving.apis import model_management_pb2
from tensorflow_serving.config import model_server_config_pb2

from config.errors import ReleaseError
from serving.server import server

FIRST_ONLY = "model_version_policy { specific { versions: 1 } }"
ALL = "model_version_policy { all {} }"


@pytest.fixture(autouse=True)
def frequent_updates(monkeypatch):
    monkeypatch.setattr(server, "_UPDATE_SECONDS", 0.05)


@pytest.fixture
def config(base_path):
    """A function that makes a configuration of the small model."""

    def _make(more="", name="toy", path=base_path, platform="tensorflow"):
        text = f"""
            model_config_list {{ config {{
                name: "{name}" base_path: "{path}" model_platform: "{platform}" {more}
            }} }}
        """
        return text_format.Parse(text, model_server_config_pb2.ModelServerConfig())

    return _make


@pytest.fixture
def reload():
    def _reload(client, config):
        request = model_management_pb2.ReloadConfigRequest(config=config)
        response = client.models.HandleReloadConfigRequest(request, timeout=20)
        assert response.status.error_code == 0

    return _reload


def _both(config, other):
    merged = model_server_config_pb2.ModelServerConfig()
    merged.CopyFrom(config)
    merged.MergeFrom(other)
    return merged


def _labels(**labels):
    return " ".join(
        f'version_labels {{ key: "{label}" value: {version} }}'
        for label, version in labels.items()
    )


def test_labels_move_to_available_versions_only(
    start_server, connect, config, base_path, add_version, reload, rejection
):
    add_version(base_path, 2)
    client = connect(start_server(config(ALL + _labels(stable=1, canary=2))))
    assert client.score(label="stable") == (3.0, 1)
    assert client.score(label="canary") == (4.0, 2)
    assert client.score() == (4.0, 2)
    assert client.score(version=1) == (3.0, 1)

    code, details = rejection(reload, client, config(ALL + _labels(stable=9)))
    assert code == "FAILED_PRECONDITION"
    assert "9" in details
    assert "toy" in details
    assert client.score(label="stable") == (3.0, 1)

    reload(client, config(ALL + _labels(stable=2)))
    assert client.score(label="stable") == (4.0, 2)
    # A label that is left out is removed.
    assert rejection(client.score, label="canary")[0] == "INVALID_ARGUMENT"


def test_models_are_added_and_removed(
    start_server, connect, config, reload, rejection, tmp_path, add_version
):
    client = connect(start_server(config()))
    add_version(tmp_path / "other", 2)
    other = config(name="other", path=tmp_path / "other")

    reload(client, _both(config(), other))
    assert client.score(model="other") == (4.0, 2)
    assert client.score() == (3.0, 1)

    reload(client, other)
    assert rejection(client.score)[0] == "NOT_FOUND"
    assert client.states() == {1: "END"}
    assert client.score(model="other") == (4.0, 2)


@pytest.fixture(scope="module")
def unchanged(serving, toy_dir, connect):
    """A client of a server whose configuration no test can change."""
    with serving("toy", toy_dir) as running:
        yield connect(running)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"name": ""}, "name"),
        ({"path": "models"}, "=models"),
        ({"platform": "onnx"}, "'onnx'"),
        ({"platform": ""}, "''"),
        ({"more": "logging_config {}"}, "filename_prefix"),
    ],
    ids=str,
)
def test_a_wrong_configuration_changes_nothing(
    changes, named, unchanged, config, reload, rejection
):
    code, details = rejection(reload, unchanged, config(**changes))

    assert code == "INVALID_ARGUMENT"
    assert named in details
    assert unchanged.score() == (3.0, 1)


def test_models_that_cannot_be_added_are_named(
    unchanged, config, reload, rejection, tmp_path
):
    code, details = rejection(reload, unchanged, _both(config(), config()))
    assert (code, "toy" in details) == ("INVALID_ARGUMENT", True)

    empty = config(name="other", path=tmp_path / "nowhere")
    code, details = rejection(reload, unchanged, _both(config(), empty))
    assert (code, str(tmp_path / "nowhere") in details) == ("UNKNOWN", True)
    assert unchanged.score() == (3.0, 1)


def test_a_configuration_that_changes_is_applied(
    start_server, connect, config, base_path, add_version, eventually
):
    add_version(base_path, 2)
    current = [config()]
    client = connect(start_server(lambda: current[-1]))
    assert client.score() == (4.0, 2)
    current.append(config(FIRST_ONLY))

    eventually(lambda: client.states() == {1: "AVAILABLE", 2: "END"})
    assert client.score() == (3.0, 1)


def test_a_configuration_that_cannot_be_read_is_logged_once(
    start_server, connect, config, eventually, caplog
):
    caplog.set_level(logging.INFO)
    problem, reads = [], []

    def read():
        reads.append(None)
        if problem:
            raise ReleaseError("labels.json is malformed")
        return config()

    client = connect(start_server(read))
    for times in (1, 2):
        problem.append(True)
        before = len(reads)
        eventually(lambda before=before: len(reads) > before + 2)
        assert caplog.text.count("labels.json is malformed") == times
        problem.clear()
        before = len(reads)
        eventually(lambda before=before: len(reads) > before + 1)
    assert client.score() == (3.0, 1)


def test_a_label_moves_once_its_version_is_available(
    start_server, connect, config, base_path, add_version, eventually
):
    read = []

    def current():
        read.append(config(ALL + _labels(stable=2 if read else 1)))
        return read[-1]

    client = connect(start_server(current))
    eventually(lambda: len(read) > 2)
    assert client.score(label="stable") == (3.0, 1)
    add_version(base_path, 2)

    eventually(lambda: client.score(label="stable") == (4.0, 2))
