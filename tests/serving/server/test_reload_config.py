"""Models, policies and labels are replaced while the server runs."""

from __future__ import annotations

import logging
import time

import pytest
from google.protobuf import text_format
from tensorflow_serving.apis import model_management_pb2
from tensorflow_serving.config import model_server_config_pb2

from config.errors import ReleaseError


@pytest.fixture
def config(base_path):
    """A function that makes a configuration of the small model."""

    def _make(name="toy", path=base_path, more="", platform="tensorflow"):
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


BOTH_VERSIONS = "model_version_policy { specific { versions: 1 versions: 2 } }"


def _labels(**labels):
    return " ".join(
        f'version_labels {{ key: "{label}" value: {version} }}'
        for label, version in labels.items()
    )


def test_a_label_stands_for_a_version(
    start_server, connect, config, base_path, add_version
):
    add_version(base_path, 2)
    more = BOTH_VERSIONS + _labels(stable=1, canary=2)
    client = connect(start_server(config(more=more)))

    assert client.score(label="stable") == (3.0, 1)
    assert client.score(label="canary") == (4.0, 2)
    assert client.score() == (4.0, 2)
    assert client.score(version=1) == (3.0, 1)


def test_a_label_moves_to_an_available_version(
    start_server, connect, config, base_path, add_version, reload
):
    add_version(base_path, 2)
    client = connect(start_server(config(more=BOTH_VERSIONS + _labels(stable=1))))
    reload(client, config(more=BOTH_VERSIONS + _labels(stable=2)))

    assert client.score(label="stable") == (4.0, 2)


def test_a_label_does_not_move_to_a_version_that_is_not_available(
    start_server, connect, config, reload, refused
):
    client = connect(start_server(config(more=_labels(stable=1))))
    code, details = refused(lambda: reload(client, config(more=_labels(stable=9))))

    assert code == "FAILED_PRECONDITION"
    assert "version 9 of model toy, which is not currently available" in details
    assert client.score(label="stable") == (3.0, 1)


def test_a_label_left_out_is_removed(start_server, connect, config, reload, refused):
    client = connect(start_server(config(more=_labels(stable=1))))
    reload(client, config())

    assert refused(lambda: client.score(label="stable"))[0] == "INVALID_ARGUMENT"


def test_a_model_is_added_and_waited_for(
    start_server, connect, config, reload, tmp_path, add_version
):
    client = connect(start_server(config()))
    add_version(tmp_path / "other", 2)
    reload(client, _both(config(), config("other", tmp_path / "other")))

    assert client.score(name_of_model="other") == (4.0, 2)
    assert client.score() == (3.0, 1)


def test_a_model_left_out_is_unloaded(
    start_server, connect, config, reload, refused, tmp_path, add_version
):
    add_version(tmp_path / "other", 2)
    other = config("other", tmp_path / "other")
    client = connect(start_server(_both(config(), other)))
    reload(client, other)

    assert refused(client.score)[0] == "NOT_FOUND"
    assert client.states() == {1: "END"}
    assert client.score(name_of_model="other") == (4.0, 2)


def test_a_policy_is_replaced(
    start_server, connect, config, reload, base_path, add_version, eventually
):
    add_version(base_path, 2)
    client = connect(start_server(config()))
    assert client.score() == (4.0, 2)
    reload(client, config(more="model_version_policy { specific { versions: 1 } }"))

    eventually(lambda: client.states() == {1: "AVAILABLE", 2: "END"})
    assert client.score() == (3.0, 1)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": ""}, "has no name"),
        ({"path": "models"}, "absolute path or URI; got base_path()=models"),
        ({"platform": "onnx"}, "unsupported platform 'onnx'"),
        ({"platform": ""}, "unsupported platform ''"),
        ({"more": "logging_config {}"}, "without a filename_prefix"),
    ],
    ids=str,
)
def test_a_wrong_configuration_changes_nothing(
    changes, words, start_server, connect, config, reload, refused
):
    client = connect(start_server(config()))

    code, details = refused(lambda: reload(client, config(**changes)))
    assert code == "INVALID_ARGUMENT"
    assert words in details
    assert client.score() == (3.0, 1)


def test_a_model_named_twice_is_refused(start_server, connect, config, reload, refused):
    client = connect(start_server(config()))

    code, details = refused(lambda: reload(client, _both(config(), config())))
    assert code == "INVALID_ARGUMENT"
    assert "Illegal to list model toy multiple times" in details


def test_a_new_model_without_versions_is_an_error(
    start_server, connect, config, reload, refused, tmp_path
):
    client = connect(start_server(config()))
    other = config("other", tmp_path / "nowhere")

    code, details = refused(lambda: reload(client, _both(config(), other)))
    assert code == "UNKNOWN"
    assert "no version found under" in details
    assert client.score() == (3.0, 1)


def test_a_configuration_that_changes_is_taken(
    start_server, connect, config, base_path, add_version, eventually
):
    add_version(base_path, 2)
    current = [config()]
    client = connect(start_server(lambda: current[-1]))
    assert client.score() == (4.0, 2)
    current.append(config(more="model_version_policy { specific { versions: 1 } }"))

    eventually(lambda: client.states() == {1: "AVAILABLE", 2: "END"})


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
    every = "model_version_policy { all {} }"
    current = [config(more=every + _labels(stable=1))]
    client = connect(start_server(lambda: current[-1]))
    current.append(config(more=every + _labels(stable=2)))
    time.sleep(1.5)
    assert client.score(label="stable") == (3.0, 1)
    add_version(base_path, 2)

    eventually(lambda: client.score(label="stable") == (4.0, 2))
