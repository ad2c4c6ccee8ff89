"""`ctr serve`: what it says, and that labels reach the server that it starts."""

from __future__ import annotations

import json
import socket
import subprocess
import sys

import pytest

from serving.server.config_files import read_model_config

CONFIG = """
name: ads
examples: {{splits: {{train: train.csv, eval: eval.csv}}}}
label: {{column: click}}
features: {{device: {{kind: categorical}}}}
serving: {{port: {port}, rest_port: null}}
"""


@pytest.fixture
def port(free_port):
    return free_port()


@pytest.fixture
def command(tmp_path, port):
    """The command for an empty folder `ads`."""
    config = tmp_path / "pipeline.yaml"
    config.write_text(CONFIG.format(port=port))
    (tmp_path / "ads").mkdir()
    folders = ["--model-dir", tmp_path / "ads", "--work-dir", tmp_path / "work"]
    serve = [sys.executable, "-m", "pipeline.cli", "serve", "-c", config]
    return [*serve, "--embedded", *folders]


@pytest.fixture
def serve(command, tmp_path):
    """Runs the command until the test is over."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    yield process, tmp_path / "ads"
    process.kill()
    process.wait()


def test_a_port_that_is_taken_leaves_the_files_of_who_has_it(command, port, tmp_path):
    with socket.create_server(("127.0.0.1", port)):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: 127.0.0.1:{port}: the server cannot listen")
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "work" / "serving").exists()


def test_a_key_of_another_certificate_is_one_line(command, keys, tmp_path):
    tls = f"{{key: {keys / 'other.key'}, certificate: {keys / 'server.pem'}}}"
    ended = subprocess.run(
        [*command, "--set", f"serving.tls={tls}"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    words = f"error: serving.tls: {keys / 'other.key'}: not the certificate's key"
    assert ended.stderr.startswith(words)
    assert ended.stderr.count("\n") == 1
    assert not (tmp_path / "work" / "serving").exists()


def test_a_folder_that_is_not_there_is_one_line(tmp_path):
    ended = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", "serve", "--model-dir", "nothere"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "error: --model-dir: got nothere, which is no folder; give the folder that has "
        "the versions\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_it_says_what_it_starts_and_waits_for(serve):
    process, models = serve
    assert process.stderr.readline() == f"starting the embedded server for {models}\n"
    assert "nothing is released there yet" in process.stderr.readline()


def test_labels_are_written_for_the_server(serve, tmp_path, eventually):
    _, models = serve
    written = tmp_path / "work" / "serving" / "models.config"
    eventually(written.exists)
    (models / "labels.json").write_text(json.dumps({"canary": 7}))

    def is_told():
        (model,) = read_model_config(str(written)).model_config_list.config
        return dict(model.version_labels) == {"canary": 7}

    eventually(is_told)
