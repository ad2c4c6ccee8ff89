"""`ctr serve`: which server it starts, that it serves, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from functools import partial

import pytest

from ctr import cli
from serving.model_config import Settings
from serving.releases.labels import change_labels
from serving.server.__main__ import main

CONFIG = """
name: toy
examples: {{splits: {{train: train.csv, eval: eval.csv}}}}
label: {{column: click}}
features: {{device: {{kind: categorical}}}}
serving: {{port: {port}, rest_port: {rest_port}}}
"""


@pytest.fixture
def port(free_port):
    return free_port()


@pytest.fixture
def rest_port(free_port):
    return free_port()


@pytest.fixture
def models(tmp_path):
    """Where the configuration releases versions."""
    return tmp_path / "runs" / "toy" / "models" / "toy"


@pytest.fixture
def ctr(tmp_path, port, rest_port):
    """Starts `ctr serve` in a folder with a configuration; ends it after the test."""
    text = CONFIG.format(port=port, rest_port=rest_port)
    (tmp_path / "pipeline.yaml").write_text(text)
    processes = []

    def start(*arguments, path=os.environ["PATH"]):
        process = subprocess.Popen(
            [sys.executable, "-m", "ctr.cli", "serve", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "PATH": path},
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def rejected(ctr, tmp_path, monkeypatch, capsys):
    """A function that returns the error line of a command, which writes no files."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        assert cli.main(["serve", *arguments]) == 2
        output, errors = capsys.readouterr()
        assert output == ""
        assert len(errors.splitlines()) == 1
        assert not list(tmp_path.glob("runs/*/serving"))
        return errors

    return run


def test_releases_and_labels_are_served_and_no_request_fails(
    ctr, models, add_version, connect, asking, port, rest_port, eventually, fetch
):
    for version in (1, 2):
        add_version(models, version)
    change_labels(str(models), {"stable": 1, "canary": 2})
    process = ctr("-c", "pipeline.yaml", "--embedded")
    line = process.stdout.readline()
    for address in (f"127.0.0.1:{port}", f"127.0.0.1:{rest_port}"):
        assert address in line
    client = connect(port)
    labels = [partial(client.score, label=label) for label in ("stable", "canary")]
    with asking(*labels) as answered:
        assert client.score(label="stable") == (3.0, 1)
        assert client.score(label="canary") == (4.0, 2)
        change_labels(str(models), {"stable": 2})
        eventually(lambda: client.score(label="stable") == (4.0, 2))
        # A release neither waits for labels nor takes one.
        add_version(models, 3)
        eventually(lambda: client.score() == (5.0, 3))
        assert client.score(label="canary") == (4.0, 2)
        change_labels(str(models), {"stable": 1, "canary": 3})
        eventually(lambda: client.score(label="canary") == (5.0, 3))
        assert client.score(label="stable") == (3.0, 1)
    assert {version for _, version in answered} == {1, 2, 3}
    assert all(score == 2.0 + version for score, version in answered)
    change_labels(str(models), {"stable": None, "canary": None})
    eventually(lambda: client.states()[2] == "END")
    assert client.states()[3] == "AVAILABLE"
    _, page = fetch(f"127.0.0.1:{rest_port}/v1/models/toy")
    newest = json.loads(page)["model_version_status"][0]
    assert (newest["version"], newest["state"]) == ("3", "AVAILABLE")

    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "labels not updated" not in errors
    assert "Traceback" not in errors


def test_a_server_that_waits_for_a_version_can_be_stopped(ctr, tmp_path):
    (tmp_path / "toy").mkdir()
    process = ctr("-c", "pipeline.yaml", "--embedded", "--model-dir", "toy")
    # The first lines come before the server itself starts.
    lines = [process.stderr.readline() for _ in range(3)]
    assert "toy" in lines[2]
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)

    assert (process.returncode, output) == (0, "")
    assert "Traceback" not in errors


def test_a_model_that_cannot_be_loaded_ends_it(tmp_path, port, monkeypatch, capsys):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"garbage")
    settings = Settings(
        model="toy",
        base_path=str(tmp_path),
        request_log_dir="requests",
        load_retries=0,
        serving={"port": port, "rest_port": None},
    )
    # In this process, which keeps its signal handlers.
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(sys, "argv", settings.command()[2:])

    assert main() == 1
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.splitlines()[-1].startswith("error: ")


@pytest.fixture
def tensorflow_serving(ctr, tmp_path):
    """Starts `ctr serve` with a script in place of `tensorflow_model_server`."""
    program = tmp_path / "bin" / "tensorflow_model_server"
    program.parent.mkdir()
    (tmp_path / "some" / "toy").mkdir(parents=True)

    def start(script, *arguments):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        path = f"{program.parent}:{os.environ['PATH']}"
        folder = ("--model-dir", "some/toy")
        return ctr("-c", "pipeline.yaml", *folder, *arguments, path=path)

    return start


# Lines of its log, with which TensorFlow Serving 2.16 starts and polls.
_LOG = """
I1 server_core.cc:502] Adding/updating models.
I1 server_core.cc:631]  (Re-)adding model: toy
I1 loader_harness.cc:95] Successfully loaded servable version {name: toy version: 1}
I1 server_core.cc:509] Finished adding/updating models
I1 server.cc:444] Running gRPC ModelServer at 0.0.0.0:8500 ...
"""


def test_tensorflow_serving_is_preferred(
    tensorflow_serving, tmp_path, port, rest_port, eventually, golden
):
    script = f"echo \"$@\"\ncat >&2 <<'EOF'{_LOG}EOF\nexec sleep 60"
    process = tensorflow_serving(script, "--set=serving.request_log={}")
    command, ready = process.stdout.readline(), process.stdout.readline()
    config = tmp_path / "runs" / "toy" / "serving" / "models.config"
    assert f"--model_config_file={config}" in command
    assert str(tmp_path / "some" / "toy") in config.read_text()
    assert str(port) in ready
    assert str(rest_port) in ready
    (tmp_path / "some" / "toy" / "labels.json").write_text('{"canary": 7}')
    eventually(lambda: "canary" in config.read_text())

    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    golden("serve.txt", errors.replace(str(tmp_path / "bin"), "BIN"))


def test_the_end_of_tensorflow_serving_is_an_error(tensorflow_serving):
    process = tensorflow_serving("echo 'F1 main.cc:1] no such flag' >&2; exit 3")
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "no such flag" in errors
    assert "status 3" in errors.splitlines()[-1]


def test_a_port_in_use_is_an_error(rejected, port):
    with socket.create_server(("127.0.0.1", port)):
        assert f"127.0.0.1:{port}" in rejected("-c", "pipeline.yaml")


def test_a_key_of_another_certificate_is_an_error(rejected, keys):
    tls = f"{{key: {keys / 'other.key'}, certificate: {keys / 'server.pem'}}}"
    error = rejected("-c", "pipeline.yaml", "--set", f"serving.tls={tls}")

    assert error.startswith(f"error: serving.tls: {keys / 'other.key'}: ")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--model-dir", "missing"], "--model-dir: got missing"),
        ([], "--model-dir DIR"),
        (["--model-dir", "x", "--set", "serving.port=1"], "-c FILE"),
        (["-c", "pipeline.yaml", "--set", "serving.port=0"], "serving.port: got 0"),
        (["-c", "pipeline.yaml", "--set", "serving.zz=0"], "'zz'"),
    ],
)
def test_wrong_use_is_an_error(arguments, named, rejected):
    assert named in rejected(*arguments)
