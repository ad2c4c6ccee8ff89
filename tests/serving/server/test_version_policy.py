"""Which versions are found, and which of them are to be served."""

from __future__ import annotations

import pytest
import tensorflow as tf
from google.protobuf import text_format
from tensorflow_serving.config import model_server_config_pb2

from serving.server.version_policy import aspired_versions, find_versions


def _config(policy):
    text = f"model_version_policy {{ {policy} }}" if policy else ""
    return text_format.Parse(text, model_server_config_pb2.ModelConfig())


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        ("", [30]),
        ("latest {}", [30]),
        ("latest { num_versions: 2 }", [4, 30]),
        ("latest { num_versions: 9 }", [2, 4, 30]),
        ("all {}", [2, 4, 30]),
        ("specific { versions: 30 versions: 2 versions: 7 }", [2, 30]),
        ("specific {}", []),
    ],
)
def test_a_policy_chooses_versions(policy, expected):
    assert aspired_versions(_config(policy), {30: "", 2: "", 4: ""}) == expected
    assert aspired_versions(_config(policy), {}) == []


def test_versions_are_folders_named_by_numbers_that_have_a_graph(tmp_path):
    for name in ("1", "007", "-3", "1.5", "x", ".incoming-2", "9" * 30, "empty"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "saved_model.pb").write_bytes(b"")
    (tmp_path / "8").mkdir()
    (tmp_path / "9").write_bytes(b"no folder")

    found = find_versions(str(tmp_path))
    assert found == {1: str(tmp_path / "1"), 7: str(tmp_path / "007")}


def test_a_missing_directory_is_an_error(tmp_path):
    with pytest.raises(tf.errors.NotFoundError):
        find_versions(str(tmp_path / "nowhere"))
