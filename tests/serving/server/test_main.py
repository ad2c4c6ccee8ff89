"""The command line, and several processes on one port."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import grpc
import pytest
from google.protobuf import text_format
from tensorflow_serving.apis import model_management_pb2

from serving.complaint import Complaint
from serving.server.main import main
from serving.server.options import ServerOptions, single_model
from serving.server.workers import _copy_changes, _Workers


@contextmanager
def _running(*flags):
    """`python -m serving.server` with its ports, once it serves."""
    process = subprocess.Popen(
        [sys.executable, "-m", "serving.server", *map(str, flags)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        line = process.stdout.readline()
        match = re.search(r"gRPC on [^:]+:(\d+), REST on [^:]+:(\d+)", line)
        assert match, process.communicate(timeout=30)
        yield process, *map(int, match.groups())
    finally:
        process.terminate()
        process.communicate(timeout=60)


@pytest.fixture
def dial(client_of):
    """A client on a connection of its own."""
    channels = []

    def _dial(port):
        # Channels to one address share a connection unless they differ.
        options = [("grpc.use_local_subchannel_pool", 1)]
        channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
        channels.append(channel)
        return client_of(channel)

    yield _dial
    for channel in channels:
        channel.close()


def test_it_serves_until_it_is_told_to_stop(dial, base_path, free_port):
    flags = ["--model_name", "toy", "--model_base_path", base_path, "--port", 0]
    with _running(*flags, "--rest_api_port", free_port()) as served:
        process, port, rest_port = served
        assert dial(port).score() == (3.0, 1)
        url = f"http://127.0.0.1:{rest_port}/v1/models/toy"
        with urllib.request.urlopen(url) as page:
            assert json.load(page)["model_version_status"][0]["state"] == "AVAILABLE"
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)

    assert process.returncode == 0
    assert "Traceback" not in errors


def test_it_can_be_stopped_while_it_waits_for_a_first_version(tmp_path):
    process = subprocess.Popen(
        [sys.executable, "-m", "serving.server", "--model_base_path", tmp_path],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while "No versions of servable" not in (line := process.stderr.readline()):
            assert line, "it ended"
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, output) == (0, "")
    assert "Traceback" not in errors


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--model_config_file", "nowhere"], "nowhere: cannot be read"),
        (
            ["--model_base_path", "/m", "--batching_parameters_file", "x"],
            "without --enable_batching",
        ),
        (["--model_base_path", "relative"], "absolute path or URI"),
        (["--model_base_path", "/m", "--ssl_config_file", "nowhere"], "nowhere"),
    ],
)
def test_wrong_use_is_one_line(flags, words, capsys):
    assert main(["--port", "0", *flags]) == 2

    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    assert error.startswith("error: ")
    assert words in error


def test_a_wrong_key_is_said_before_anything_is_loaded(capsys, keys, tmp_path):
    texts = {"server_key": "other.key", "server_cert": "server.pem"}
    lines = [f"{field}: {(keys / name).read_text()!r}" for field, name in texts.items()]
    path = tmp_path / "ssl.config"
    path.write_text("\n".join(lines))
    flags = ["--model_base_path", "/nowhere", "--ssl_config_file", str(path)]

    # Several processes would each have looked at it, with TensorFlow imported.
    assert main(["--port", "0", "--workers", "2", *flags]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {path}: server_key: not the certificate's key")
    assert len(error.splitlines()) == 1


def test_a_port_that_is_taken_is_said_before_anything_is_loaded(capsys, base_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        flags = ["--model_base_path", str(base_path), "--port", str(port)]
        assert main(flags) == 2

    assert f"127.0.0.1:{port}: the server cannot listen" in capsys.readouterr().err


def test_a_model_that_cannot_be_loaded_ends_it(capsys, tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "1" / "saved_model.pb").write_bytes(b"garbage")

    flags = ["--model_base_path", str(tmp_path), "--max_num_load_retries", "0"]
    assert main(["--port", "0", *flags]) == 1
    error = capsys.readouterr().err
    assert "error: 1 servable(s) did not become available" in error


def _workers_of(pid):
    """The processes that a supervisor has started to serve."""
    workers = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1])
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        if parent == pid and "spawn_main" in command:
            workers.append(int(folder.name))
    return workers


def test_a_process_that_dies_while_it_starts_is_said(base_path, eventually):
    flags = ["--model_base_path", str(base_path), "--workers", "2", "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "serving.server", *flags],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        eventually(lambda: len(_workers_of(process.pid)) == 2)
        # Long before they serve: what they need takes seconds to import. The one that
        # watches over them finds all of their ends closed, whichever came first.
        process.send_signal(signal.SIGSTOP)
        for pid in _workers_of(process.pid):
            os.kill(pid, signal.SIGKILL)
        eventually(lambda: not _workers_of(process.pid))
        process.send_signal(signal.SIGCONT)
        output, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert (process.returncode, output) == (1, "")
    assert errors == "error: a process of the server ended\n"


def test_why_a_process_ended_is_said_before_it_is_started_again(caplog, eventually):
    workers = _Workers(ServerOptions(config_file="nowhere"), 1)
    workers._start()
    try:
        (process,) = workers._processes
        eventually(lambda: not process.is_alive())
        workers.replace_dead()
        assert "nowhere: cannot be read" in caplog.text
        assert len(workers._processes) == 1
    finally:
        workers.stop()


def test_a_configuration_that_cannot_be_read_is_said_once(tmp_path):
    said, last = [], single_model("toy", "/models")
    complaint = Complaint(said.append)
    path, shared = tmp_path / "models.config", tmp_path / "shared"
    for _ in range(3):
        assert _copy_changes(str(path), str(shared), last, complaint) == last

    (words,) = said
    assert words.startswith(f"{path}: not taken: ")
    path.write_text(text_format.MessageToString(single_model("other", "/models")))
    assert _copy_changes(str(path), str(shared), last, complaint) != last
    path.unlink()
    _copy_changes(str(path), str(shared), last, complaint)
    # It was well in between.
    assert said == [words, words]


class TestWorkers:
    """Slow: each process imports TensorFlow."""

    pytestmark = pytest.mark.slow

    @pytest.fixture(scope="class")
    def models(self, tmp_path_factory, add_version):
        base_path = tmp_path_factory.mktemp("models")
        add_version(base_path, 1)
        return base_path

    @pytest.fixture(scope="class")
    def served(self, models, tmp_path_factory, free_port):
        config = tmp_path_factory.mktemp("config") / "models.config"
        text = text_format.MessageToString(single_model("toy", str(models)))
        config.write_text(text)
        flags = ["--model_config_file", config, "--workers", 2, "--port", 0]
        with _running(*flags, "--rest_api_port", free_port()) as served:
            yield served

    def test_their_counters_are_one(self, served, dial):
        _, port, rest_port = served
        for _ in range(20):
            assert dial(port).score() == (3.0, 1)

        url = f"http://127.0.0.1:{rest_port}/monitoring/prometheus/metrics"
        with urllib.request.urlopen(url) as page:
            text = page.read().decode()
        name = ":tensorflow:serving:request_count"
        (line,) = [line for line in text.splitlines() if line.startswith(f"{name}{{")]
        assert line == f'{name}{{model_name="toy",status="OK"}} 20.0'

    def test_a_new_configuration_reaches_all(
        self, served, dial, models, add_version, eventually
    ):
        _, port, _ = served
        add_version(models, 2)
        config = single_model("toy", str(models))
        config.model_config_list.config[0].model_version_policy.all.SetInParent()
        config.model_config_list.config[0].version_labels["old"] = 1
        request = model_management_pb2.ReloadConfigRequest(config=config)
        dial(port).models.HandleReloadConfigRequest(request, timeout=30)

        def all_know():
            try:
                return all(dial(port).score(label="old")[1] == 1 for _ in range(20))
            except grpc.RpcError:
                return False

        eventually(all_know, seconds=30)

    def test_those_that_crash_are_started_again(self, served, dial, eventually):
        process, port, _ = served
        for pid in _workers_of(process.pid):
            os.kill(pid, signal.SIGKILL)

        def answers():
            try:
                return all(dial(port).score()[1] for _ in range(10))
            except grpc.RpcError:
                return False

        eventually(answers, seconds=60)
        eventually(lambda: len(_workers_of(process.pid)) == 2, seconds=60)
