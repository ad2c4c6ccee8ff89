"""`ctr serve`: which server it starts, that it serves, and how it ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

from serving.releases.labels import change_labels
from serving.server.settings import Settings

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
def rejected(ctr, tmp_path):
    """The one line of an error, which leaves no files behind."""

    def run(*arguments):
        process = ctr(*arguments)
        output, errors = process.communicate(timeout=60)
        assert (process.returncode, output) == (2, "")
        assert len(errors.splitlines()) == 1
        assert not list(tmp_path.glob("runs/*/serving"))
        return errors

    return run


@contextmanager
def _asked_all_the_time(client):
    """Threads ask for both labels; yields the scores and versions of the answers."""
    answered, stop = [], threading.Event()

    def ask(label):
        while not stop.is_set():
            answered.append(client.score(label=label))

    with ThreadPoolExecutor(2) as pool:
        asking = [pool.submit(ask, label) for label in ("stable", "canary")]
        try:
            yield answered
        finally:
            stop.set()
        for each in asking:
            # Raises the error of a request that failed.
            each.result()


def test_releases_and_labels_are_served_and_no_request_fails(
    ctr, models, add_version, client_of, port, rest_port, eventually
):
    for version in (1, 2):
        add_version(models, version)
    change_labels(str(models), {"stable": 1, "canary": 2})
    process = ctr("-c", "pipeline.yaml", "--embedded")
    line = process.stdout.readline()
    assert line.startswith("serving toy: ")
    assert f"127.0.0.1:{port}, " in line
    assert f"127.0.0.1:{rest_port}\n" in line
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        client = client_of(channel)
        with _asked_all_the_time(client) as answered:
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
    url = f"http://127.0.0.1:{rest_port}/v1/models/toy"
    with urllib.request.urlopen(url) as page:
        states = json.load(page)["model_version_status"]
    assert (states[0]["version"], states[0]["state"]) == ("3", "AVAILABLE")

    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "not updated" not in errors
    assert "Traceback" not in errors


def test_it_can_be_stopped_while_it_waits_for_a_first_version(ctr, tmp_path):
    (tmp_path / "toy").mkdir()
    process = ctr("-c", "pipeline.yaml", "--embedded", "--model-dir", "toy")
    lines = []
    while "No versions of servable" not in (line := process.stderr.readline()):
        assert line, lines
        lines.append(line)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=30)

    assert (process.returncode, output) == (0, "")
    assert "Traceback" not in errors
    assert "nothing is released there yet" in lines[1]


def test_a_model_that_cannot_be_loaded_ends_it(tmp_path, port):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"garbage")
    settings = Settings(
        model="toy",
        base_path=str(tmp_path),
        request_log_dir="requests",
        load_retries=0,
        serving={"port": port, "rest_port": None},
    )
    ended = subprocess.run(
        settings.command(), capture_output=True, text=True, check=False
    )

    assert (ended.returncode, ended.stdout) == (1, "")
    error = ended.stderr.splitlines()[-1]
    assert error.startswith("error: 1 servable(s) did not become available")


def test_tensorflow_serving_is_preferred(ctr, tmp_path):
    program = tmp_path / "bin" / "tensorflow_model_server"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)
    (tmp_path / "some" / "toy").mkdir(parents=True)
    log = "--set=serving.request_log={}"

    path = f"{program.parent}:{os.environ['PATH']}"
    process = ctr("-c", "pipeline.yaml", "--model-dir", "some/toy", log, path=path)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert f"starting {program} for some/toy" in errors
    assert "warning: serving.request_log" in errors
    config = tmp_path / "runs" / "toy" / "serving" / "models.config"
    assert f"--model_config_file={config}" in output
    assert str(tmp_path / "some" / "toy") in config.read_text()


def test_a_port_in_use_is_an_error(rejected, port):
    with socket.create_server(("127.0.0.1", port)):
        error = rejected("-c", "pipeline.yaml")

    assert error.startswith(f"error: 127.0.0.1:{port}: ")


def test_a_key_of_another_certificate_is_an_error(rejected, keys):
    tls = f"{{key: {keys / 'other.key'}, certificate: {keys / 'server.pem'}}}"
    error = rejected("-c", "pipeline.yaml", "--set", f"serving.tls={tls}")

    assert error.startswith(f"error: serving.tls: {keys / 'other.key'}: ")


@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (["--model-dir", "missing"], "--model-dir: got missing"),
        ([], "--model-dir DIR"),
        (["--model-dir", "x", "--set", "serving.port=1"], "-c FILE"),
        (["-c", "pipeline.yaml", "--set", "serving.port=0"], "serving.port: got 0"),
        (["-c", "pipeline.yaml", "--set", "serving.zz=0"], "'zz'"),
    ],
)
def test_wrong_use_is_an_error(arguments, key, rejected):
    assert key in rejected(*arguments)
