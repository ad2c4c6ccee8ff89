"""`ctr serve`: what it writes, and which server it starts."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import grpc
import pytest

from pipeline.config.serving import Batching, RequestLog, Serving, Tls
from pipeline.errors import ConfigError
from serving.launch import embedded_command, tensorflow_serving_command, write_files
from serving.releases.labels import change_labels
from serving.server.config_files import read_batching_parameters, read_model_config
from serving.server.main import _parser
from serving.server.options import BatchingParameters

CONFIG = """
name: toy
examples: {splits: {train: train.csv, eval: eval.csv}}
label: {column: click}
features: {device: {kind: categorical}}
"""


@pytest.fixture
def write(tmp_path):
    def _write(base_path=str(tmp_path / "models"), **serving):
        return write_files(Serving(**serving), "toy", base_path, tmp_path / "serving")

    return _write


def test_models_may_be_in_an_object_store(write):
    assert _model(write("ram://bucket/ads")).base_path == "ram://bucket/ads"


def _model(files):
    (model,) = read_model_config(str(files.models)).model_config_list.config
    return model


def test_the_latest_version_is_served_by_default(write, tmp_path):
    files = write()

    model = _model(files)
    assert (model.name, model.base_path) == ("toy", str(tmp_path / "models"))
    assert model.model_version_policy.latest.num_versions == 1
    assert not model.HasField("logging_config")
    assert (files.batching, files.ssl) == (None, None)


def test_versions_are_chosen(write):
    assert _model(write(versions=3)).model_version_policy.latest.num_versions == 3
    assert _model(write(versions="all")).model_version_policy.HasField("all")
    specific = _model(write(versions=[5, 7])).model_version_policy.specific
    assert list(specific.versions) == [5, 7]


def _label(tmp_path, **labels):
    (tmp_path / "models").mkdir(exist_ok=True)
    (tmp_path / "models" / "labels.json").write_text(json.dumps(labels))


def test_with_labels_all_versions_are_served(write, tmp_path):
    _label(tmp_path, canary=7, stable=5)
    for versions in (1, 3, "all"):
        model = _model(write(versions=versions))
        assert model.model_version_policy.WhichOneof("policy_choice") == "all"
        assert dict(model.version_labels) == {"canary": 7, "stable": 5}


def test_a_list_of_versions_has_those_with_a_label(write, tmp_path):
    _label(tmp_path, stable=5)
    model = _model(write(versions=[5, 7]))
    assert list(model.model_version_policy.specific.versions) == [5, 7]
    assert dict(model.version_labels) == {"stable": 5}
    _label(tmp_path, canary=9, stable=5)
    with pytest.raises(ConfigError, match="got 5, 7 without 9, which has the label"):
        write(versions=[5, 7])


def test_requests_are_logged_beside_the_files(write, tmp_path):
    config = _model(write(request_log=RequestLog(sampling_rate=0.5))).logging_config

    assert config.sampling_config.sampling_rate == 0.5
    prefix = config.log_collector_config.filename_prefix
    assert prefix == str(tmp_path / "serving" / "requests" / "toy")


def test_batching_is_read_as_it_was_written(write):
    batching = Batching(max_batch_size=64, num_batch_threads=3)

    files = write(batching=batching)
    assert read_batching_parameters(str(files.batching)) == BatchingParameters(
        max_batch_size=64, num_batch_threads=3
    )
    assert "pad_variable_length_inputs: true" in files.batching.read_text()


@pytest.fixture
def tls_of(keys, tmp_path):
    """TLS with files of some keys, or of a text of one's own."""
    (tmp_path / "garbage").write_text("garbage")

    def _make(key="server.key", certificate="server.pem", client_ca=None):
        names = {"key": key, "certificate": certificate, "client_ca": client_ca}
        folders = {"garbage": tmp_path, "nowhere": tmp_path}
        return Tls(
            **{
                field: str(folders.get(name, keys) / name)
                for field, name in names.items()
                if name is not None
            }
        )

    return _make


def test_keys_are_kept_from_others(write, tls_of, keys):
    files = write(tls=tls_of(client_ca="ca.pem"))

    assert stat.S_IMODE(os.stat(files.ssl).st_mode) == 0o600
    key, certificate, ca = (
        json.dumps((keys / name).read_text())
        for name in ("server.key", "server.pem", "ca.pem")
    )
    assert files.ssl.read_text().splitlines() == [
        f"server_key: {key}",
        f"server_cert: {certificate}",
        f"custom_ca: {ca}",
        "client_verify: true",
    ]


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({"key": "nowhere"}, r"nowhere: cannot be read \(No such file"),
        ({"key": "garbage"}, "garbage: not the certificate's key in PEM"),
        ({"key": "other.key"}, r"other\.key: not the certificate's key in PEM"),
        ({"certificate": "garbage"}, "garbage: no certificate in PEM"),
        ({"certificate": "server.key"}, r"server\.key: no certificate in PEM"),
        ({"client_ca": "ca.key"}, r"ca\.key: no certificate in PEM"),
    ],
)
def test_a_key_that_cannot_be_used_is_said(write, tls_of, tmp_path, files, words):
    with pytest.raises(ConfigError, match=rf"^serving\.tls: .*{words}") as caught:
        write(tls=tls_of(**files))

    assert len(str(caught.value).splitlines()) == 1
    # What another server may read is left as it is.
    assert not (tmp_path / "serving").exists()


def test_the_embedded_server_understands_its_flags(write, tls_of):
    serving = Serving(
        host="::1",
        port=1234,
        rest_port=None,
        workers=3,
        batching=Batching(),
        tls=tls_of(),
    )
    files = write(batching=serving.batching, tls=serving.tls)

    command = embedded_command(serving, files)
    assert command[:3] == [sys.executable, "-m", "serving.server"]
    flags = _parser().parse_args(command[3:])
    assert (flags.host, flags.port, flags.rest_api_port) == ("::1", 1234, 0)
    assert flags.workers == 3
    assert flags.enable_batching
    assert flags.model_config_file == str(files.models)
    assert flags.batching_parameters_file == str(files.batching)
    assert flags.ssl_config_file == str(files.ssl)


def test_tensorflow_serving_gets_flags_that_it_has(write):
    serving = Serving(max_message_bytes=99)

    command = tensorflow_serving_command("/bin/server", serving, write())
    assert command[0] == "/bin/server"
    # Else it does not start where a label stands for a version.
    assert "--allow_version_labels_for_unavailable_models=true" in command
    arguments = "--grpc_channel_arguments=grpc.max_receive_message_length=99"
    assert arguments in command
    assert not any(flag.startswith(("--host", "--workers")) for flag in command)


# --- The command


@pytest.fixture
def ctr(tmp_path):
    """Starts `ctr serve` in a folder with a configuration."""
    (tmp_path / "pipeline.yaml").write_text(CONFIG)

    def _start(*arguments, path=None):
        environment = {**os.environ, "PATH": path or os.environ["PATH"]}
        return subprocess.Popen(
            [sys.executable, "-m", "pipeline.cli", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment,
        )

    return _start


def test_what_is_released_is_served(ctr, tmp_path, add_version, client_of, free_port):
    add_version(tmp_path / "runs" / "toy" / "models" / "toy", 4)
    port = free_port()
    sets = [f"serving.port={port}", "serving.rest_port=null"]
    process = ctr("-c", "pipeline.yaml", "--embedded", *(f"--set={s}" for s in sets))
    try:
        line = process.stdout.readline()
        assert re.match(rf"serving toy: gRPC on 127\.0\.0\.1:{port}$", line)
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            assert client_of(channel).score() == (6.0, 4)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert errors.startswith("starting the embedded server for ")
    assert "Traceback" not in errors


def test_labels_move_under_load_and_no_request_fails(
    ctr, tmp_path, add_version, client_of, free_port, eventually
):
    models = tmp_path / "runs" / "toy" / "models" / "toy"
    for version in (1, 2):
        add_version(models, version)
    change_labels(str(models), {"stable": 1, "canary": 2})
    port = free_port()
    sets = [f"serving.port={port}", "serving.rest_port=null"]
    process = ctr("-c", "pipeline.yaml", "--embedded", *(f"--set={s}" for s in sets))
    try:
        assert process.stdout.readline().startswith("serving toy: ")
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
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "not taken" not in errors
    assert "Traceback" not in errors


@contextmanager
def _asked_all_the_time(client):
    """Threads ask for both labels; yields what they were answered, and by whom."""
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
            # Raises what a request failed with.
            each.result()


def test_tensorflow_serving_is_preferred(ctr, tmp_path):
    program = tmp_path / "bin" / "tensorflow_model_server"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(0o755)

    path = f"{program.parent}:{os.environ['PATH']}"
    (tmp_path / "some" / "toy").mkdir(parents=True)
    process = ctr("--model-dir", "some/toy", path=path)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0
    assert f"starting {program} for some/toy" in errors
    config = tmp_path / "runs" / "toy" / "serving" / "models.config"
    assert f"--model_config_file={config}" in output
    assert str(tmp_path / "some" / "toy") in config.read_text()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "give -c FILE, or --model-dir DIR"),
        (["--model-dir", "x", "--set", "serving.port=1"], "give -c FILE as well"),
        (["-c", "pipeline.yaml", "--set", "serving.port=0"], "serving.port: got 0"),
        (["-c", "pipeline.yaml", "--set", "serving.zz=0"], "unknown key 'zz'"),
    ],
)
def test_wrong_use_is_one_line(arguments, words, ctr):
    process = ctr(*arguments)
    output, errors = process.communicate(timeout=60)

    assert (process.returncode, output) == (2, "")
    assert len(errors.splitlines()) == 1
    assert words in errors
