"""What the manifests say to the server is what the server takes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from serving.server.config_files import read_batching_parameters, read_model_config
from serving.server.main import _parser
from serving.server.options import ServerOptions

# What only TensorFlow Serving has: the embedded server always has these metrics.
OTHERS = ("--monitoring_config_file=",)


def without(arguments: list[str], *prefixes: str) -> list[str]:
    return [each for each in arguments if not each.startswith(prefixes)]


def as_flags(arguments: list[str]) -> list[str]:
    """As the embedded server takes them, whose switches have no value."""
    return [each.removesuffix("=true") for each in without(arguments, *OTHERS)]


def test_flags_are_known(container: Any, compose: Any):
    for arguments in (container["args"], compose["command"]):
        flags = _parser().parse_args(as_flags(arguments))
        assert (flags.port, flags.rest_api_port) == (8500, 8501)
        assert flags.enable_batching


def test_compose_and_kubernetes_serve_alike(container: Any, compose: Any):
    polled = "--model_config_file_poll_wait_seconds="
    assert without(compose["command"], polled) == container["args"]
    assert compose["entrypoint"] == container["command"]
    assert compose["image"] == container["image"]
    probe = ["CMD", *container["readinessProbe"]["exec"]["command"]]
    assert compose["healthcheck"]["test"] == probe
    assert container["startupProbe"]["exec"] == container["readinessProbe"]["exec"]


def test_files_are_there(container: Any, compose: Any, deploy: Path):
    mounted = dict(
        each.removesuffix(":ro").split(":")
        for each in compose["volumes"]
        if each.startswith("./")
    )
    inside = {path: deploy / name for name, path in mounted.items()}
    for argument in compose["command"]:
        flag, _, value = argument.partition("=")
        if flag.endswith("_file"):
            assert inside[value].is_file()


def test_models_are_where_the_volume_is(container: Any, deploy: Path):
    config = read_model_config(str(deploy / "kubernetes/models.pbtxt"))
    (model,) = config.model_config_list.config
    assert model.name == "ad_click"
    assert model.base_path == "/models/ad_click"
    assert "/models" in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert (
        f"/v1/models/{model.name} " in container["readinessProbe"]["exec"]["command"][2]
    )


def test_batching_is_read(deploy: Path):
    batching = read_batching_parameters(str(deploy / "kubernetes/batching.pbtxt"))
    assert batching.max_batch_size == 1000
    assert batching.batch_timeout_micros == 1000


@pytest.fixture
def rest_port(tmp_path: Path, add_version: Any) -> Iterator[int]:
    """The port for REST of a server that has the model `ad_click`."""
    from serving.server.options import single_model
    from serving.server.server import Server

    add_version(tmp_path / "models", 1)
    server = Server(ServerOptions(port=0, rest_port=0))
    server.start(single_model("ad_click", str(tmp_path / "models")))
    assert server.rest_port is not None
    yield server.rest_port
    server.stop(grace=0.2)


def test_probe_tells_whether_the_model_is_available(container: Any, rest_port: int):
    def probe(port: int, model: str) -> int:
        command = [
            each.replace("8501", str(port)).replace("ad_click", model)
            for each in container["readinessProbe"]["exec"]["command"]
        ]
        return subprocess.run(command, capture_output=True, timeout=5).returncode

    assert probe(rest_port, "ad_click") == 0
    assert probe(rest_port, "other") != 0
    assert probe(1, "ad_click") != 0
