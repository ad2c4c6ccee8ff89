"""Who may ask, and what is said where it does not work."""

from __future__ import annotations

import socket

import kfp
import pytest

from config.errors import ConfigError, KubeflowError
from kubeflow.client import versions
from kubeflow.client.connection import Connection, connect
from kubeflow.client.runs import make_experiment


def refused(connection, kind=KubeflowError):
    with pytest.raises(kind) as caught, connect(connection):
        pass
    return str(caught.value)


def test_connects_to_a_host(server):
    with connect(Connection(host=server.url)) as client:
        assert client.address == server.url
        assert client.run_url("abc") == f"{server.url}/#/runs/details/abc"


def test_takes_the_host_that_kfp_itself_would_take(server, monkeypatch):
    monkeypatch.setenv("KF_PIPELINES_ENDPOINT", server.url)

    with connect(Connection()) as client:
        assert client.address == server.url


def test_says_where_a_host_can_be_given(server, monkeypatch):
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    assert "no host: give --host URL" in refused(Connection(), ConfigError)


def test_asks_for_the_scheme_of_a_host():
    assert "expected http://" in refused(Connection(host="kubeflow"), ConfigError)


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

        message = refused(Connection(host=url))

    assert message.startswith(f"{url}: cannot be reached (")
    assert "\n" not in message


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


def test_a_missing_token_is_asked_for_at_once(server):
    server.token = "secret"

    message = refused(Connection(host=server.url))

    assert "not logged in (401): give --token-file or --cookie-file" in message
    assert message.endswith("it says: no valid token")
    assert len(server.requests) == 1


def test_an_account_without_permission(server):
    server.forbidden = ("/apis/v2beta1",)

    message = refused(Connection(host=server.url))

    assert "no permission (403)" in message
    assert message.endswith("it says: User 'ann' is not authorized")


def test_a_login_page_is_no_api(server):
    server.pages = True

    message = refused(Connection(host=server.url))

    assert "a page answers, not the API: log in by --token-file" in message


@pytest.mark.parametrize("has_v2", [True, False])
def test_a_server_of_another_version(server, has_v2):
    server.version = "1.8.5"
    server.has_v2 = has_v2

    message = refused(Connection(host=server.url))

    assert "Kubeflow Pipelines 1.8.5; 2.5 or later" in message


def test_no_such_api(server):
    assert "not found (404)" in refused(Connection(host=f"{server.url}/wrong"))


def test_errors_while_connected_are_one_line_too(server):
    def ask():
        with connect(Connection(host=server.url)) as client:
            server.failures = [500]
            client.list_pipelines()

    with pytest.raises(KubeflowError, match=r"refused \(500\) what kfp 2\.") as caught:
        ask()
    assert str(caught.value).endswith("it says: on purpose")


def test_files_that_hold_nothing(tmp_path):
    empty = tmp_path / "token"
    empty.write_text("\n")

    missing = Connection(host="http://kfp", token_file=tmp_path / "none")
    assert "cannot be read (No such file" in refused(missing, ConfigError)
    assert "is empty" in refused(
        Connection(host="http://kfp", cookie_file=empty), ConfigError
    )


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


def test_inside_the_cluster_nothing_has_to_be_said(server, tmp_path, monkeypatch):
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
