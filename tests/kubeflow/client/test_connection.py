"""How the client reaches a server, and the errors where it does not."""

from __future__ import annotations

import socket

import kfp
import pytest

from config.errors import ConfigError, KubeflowError
from kubeflow.client import versions
from kubeflow.client.connection import Connection, connect
from kubeflow.client.runs import make_experiment


def rejected(kind=KubeflowError, **connection):
    """The line of the error."""
    with pytest.raises(kind) as caught, connect(Connection(**connection)):
        pass
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_connects_to_a_host(server, monkeypatch):
    # The second is where kfp itself would look for it.
    monkeypatch.setenv("KF_PIPELINES_ENDPOINT", server.url)
    for connection in (Connection(host=server.url), Connection()):
        with connect(connection) as client:
            assert client.address == server.url
            assert client.run_url("abc") == f"{server.url}/#/runs/details/abc"


def test_a_host_is_required_with_its_scheme(server, monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    assert "--host" in rejected(ConfigError)
    message = rejected(ConfigError, host="kubeflow")
    assert "kubeflow" in message
    assert "http://" in message


def test_a_server_that_does_not_listen_is_an_error():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

        assert rejected(host=url).startswith(f"{url}: ")


def test_a_token_is_read_anew_for_each_request(server, tmp_path):
    file = tmp_path / "token"
    file.write_text("first\n")
    server.token = "first"

    with connect(Connection(host=server.url, token_file=file)) as client:
        file.write_text("second\n")
        server.token = "second"
        assert client.list_pipelines().pipelines == []


def test_a_session_cookie(server, tmp_path):
    file = tmp_path / "cookie"
    file.write_text("oauth2_proxy_kubeflow=abc\n")
    server.cookie = "oauth2_proxy_kubeflow=abc"

    with connect(Connection(host=server.url, cookie_file=file)) as client:
        assert client.list_pipelines().pipelines == []


@pytest.mark.parametrize(
    ("behaviour", "named"),
    [
        ({"token": "secret"}, ["401", "--token-file", "--cookie-file", "valid token"]),
        ({"forbidden": ("/apis/v2beta1",)}, ["403", "'ann' is not authorized"]),
        # A login page.
        ({"pages": True}, ["--token-file"]),
        ({"version": "1.8.5"}, ["1.8.5", "2.5"]),
        ({"version": "1.8.5", "has_v2": False}, ["1.8.5", "2.5"]),
    ],
    ids=str,
)
def test_a_server_that_rejects_the_client_is_an_error(server, behaviour, named):
    for name, value in behaviour.items():
        setattr(server, name, value)

    message = rejected(host=server.url)

    assert [word for word in named if word not in message] == []
    # Nothing but the check of its health is tried twice.
    others = [each for each in server.requests if not each.endswith("/healthz")]
    assert len(others) == len(set(others))


def test_a_wrong_path_is_an_error(server):
    assert "404" in rejected(host=f"{server.url}/wrong")


def test_an_error_while_connected_is_one_line_too(server):
    def ask():
        with connect(Connection(host=server.url)) as client:
            server.failures = [500]
            client.list_pipelines()

    with pytest.raises(KubeflowError) as caught:
        ask()
    assert "500" in str(caught.value)
    assert str(caught.value).endswith("on purpose")


def test_an_unusable_token_is_named(tmp_path):
    (tmp_path / "empty").write_text("\n")
    for name in ("none", "empty"):
        path = tmp_path / name
        message = rejected(ConfigError, host="http://kfp", token_file=path)
        assert str(path) in message


def test_a_profile_has_pipelines_and_experiments_of_its_own(server, package):
    with connect(Connection(host=server.url, namespace="team-a")) as client:
        versions.upload(client, package)
        make_experiment(client, "ads")
        make_experiment(client, "ads")
    with connect(Connection(host=server.url)) as client:
        assert versions.find_pipeline(client, "ads") is None

    (pipeline,) = server.pipelines.values()
    (experiment,) = server.experiments.values()
    assert pipeline["namespace"] == experiment["namespace"] == "team-a"


def test_inside_the_cluster_nothing_has_to_be_given(server, tmp_path, monkeypatch):
    token = tmp_path / "token"
    token.write_text("projected")
    server.token = "projected"
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KF_PIPELINES_SA_TOKEN_PATH", str(token))
    monkeypatch.setattr("kubernetes.config.load_incluster_config", lambda: None)
    # kfp puts the API's namespace there: not that of the profile.
    monkeypatch.setattr(kfp.Client, "_IN_CLUSTER_DNS_NAME", server.url + "/{}")
    server.prefix = "/kubeflow"

    with connect(Connection(namespace="team-a")) as client:
        assert client.address == f"{server.url}/kubeflow"
        assert client.list_pipelines(namespace="team-a").pipelines == []
