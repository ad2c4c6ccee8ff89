"""What the manifests say to the server is what the server takes."""

from __future__ import annotations

import subprocess

from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig


def without(arguments, *prefixes):
    return [each for each in arguments if not each.startswith(prefixes)]


def test_ports_and_batching_are_set(container, compose):
    for arguments in (container["args"], compose["command"]):
        flags = {"--port=8500", "--rest_api_port=8501", "--enable_batching=true"}
        assert flags <= set(arguments)


def test_compose_and_kubernetes_serve_alike(container, compose):
    polled = "--model_config_file_poll_wait_seconds="
    assert without(compose["command"], polled) == container["args"]
    assert compose["entrypoint"] == container["command"]
    assert compose["image"] == "tensorflow/serving:${TENSORFLOW_SERVING:-2.16.1}"
    assert container["image"] == "tensorflow/serving:2.16.1"
    probe = ["CMD", *container["readinessProbe"]["exec"]["command"]]
    assert compose["healthcheck"]["test"] == probe
    assert container["startupProbe"]["exec"] == container["readinessProbe"]["exec"]


def test_mounted_files_exist(container, compose, deploy):
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


def test_models_are_where_the_volume_is(container, deploy):
    text = (deploy / "kubernetes/models.pbtxt").read_text()
    config = text_format.Parse(text, ModelServerConfig())
    (model,) = config.model_config_list.config
    assert model.name == "ad_click"
    assert model.base_path == "/models/ad_click"
    assert "/models" in [mount["mountPath"] for mount in container["volumeMounts"]]
    assert (
        f"/v1/models/{model.name} " in container["readinessProbe"]["exec"]["command"][2]
    )


def test_probe_tells_whether_the_model_is_available(container, toy_dir, serving):
    def probe(port, model):
        command = [
            each.replace("8501", str(port)).replace("ad_click", model)
            for each in container["readinessProbe"]["exec"]["command"]
        ]
        return subprocess.run(command, capture_output=True, timeout=5).returncode

    with serving("ad_click", toy_dir, rest_port=0) as server:
        assert probe(server.rest_port, "ad_click") == 0
        assert probe(server.rest_port, "other") != 0
        assert probe(1, "ad_click") != 0
