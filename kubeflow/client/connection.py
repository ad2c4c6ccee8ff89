"""Connection to Kubeflow Pipelines, with login and version check."""

from __future__ import annotations

import contextlib
import io
import logging
import os
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kfp
import kfp.client
import urllib3
from kfp.client import client as kfp_client

from config.errors import ConfigError, KubeflowError
from kubeflow.client.failures import reason_of

# Servers before 2.5 do not replace the placeholder of the run id. Those of 3.0 have the
# same API of pipelines, runs and schedules.
_OLDEST = (2, 5)
_NEXT_UNKNOWN = (4, 0)
_RELEASE = re.compile(r"v?(\d+)\.(\d+)")
_UNKNOWN_REQUEST = (404, 405, 501)
# Set by Kubernetes in each pod.
_IN_CLUSTER = "KUBERNETES_SERVICE_HOST"


@dataclass(frozen=True)
class Connection:
    """Address and credentials of Kubeflow Pipelines.

    Attributes:
      host: URL of the API; behind Kubeflow's dashboard it ends in `/pipeline`. Defaults
        to `$KF_PIPELINES_ENDPOINT`, else to the API of the surrounding cluster.
      namespace: Profile of a multi-user installation.
      token_file: File with a bearer token. It is read for each request, since tokens of
        service accounts are rotated.
      cookie_file: File with a session cookie, such as `oauth2_proxy_kubeflow=VALUE`.
      ca: PEM file of the authorities to trust. Defaults to those of certifi.
    """

    host: str | None = None
    namespace: str | None = None
    token_file: Path | None = None
    cookie_file: Path | None = None
    ca: Path | None = None


class Client(kfp.Client):
    """kfp's client with a single health check and readable errors.

    Attributes:
      profile: Profile of a multi-user installation. Not the `namespace` argument of
        kfp's client, which is the namespace of the API itself.
    """

    profile: str | None = None

    def get_kfp_healthz(self, sleep_duration: int = 0) -> Any:
        """Returns the state of the server.

        kfp's own method tries five times, even without permission, and accepts the
        login page that a proxy returns with status 200.

        Args:
          sleep_duration: Ignored.

        Raises:
          KubeflowError: The server is not Kubeflow Pipelines 2.
        """
        del sleep_duration
        api = self._healthz_api
        try:
            state = api.healthz_service_get_healthz()
        except kfp_client.kfp_server_api.ApiException as error:
            if error.status == 404:
                self.require_supported()
            raise
        if not _is_json(api.api_client.last_response):
            raise KubeflowError(
                f"{self.address}: got a page instead of the API; log in with "
                "--token-file or --cookie-file; behind Kubeflow's dashboard the host "
                "ends in /pipeline"
            )
        return state

    def require_supported(self) -> None:
        """Raises KubeflowError if the server's release is not supported."""
        version = self._version()
        if version is not None and not _is_supported(version):
            raise KubeflowError(
                f"the server is Kubeflow Pipelines {version}; required: 2.5 or later "
                f"of 2.x, or 3.x (kfp {kfp.__version__}); upgrade the server, "
                "preferably to 2.17"
            )

    def list_tasks(self, run_id: str) -> list[dict[str, Any]]:
        """Returns the tasks of a run as JSON; none from a server without this request.

        Servers from 3.0 on list them here and no longer in the details of a run
        (kubeflow/pipelines#13986).
        """
        tasks: list[dict[str, Any]] = []
        token = ""
        while True:
            try:
                page = self._get(f"/apis/v2beta1/runs/{run_id}/tasks", page_token=token)
            except kfp_client.kfp_server_api.ApiException as error:
                if error.status in _UNKNOWN_REQUEST:
                    return []
                raise
            tasks += page.get("tasks", [])
            token = page.get("next_page_token", "")
            if not token:
                return tasks

    def run_url(self, run_id: str) -> str:
        """Returns the address of a run's page."""
        return f"{self._get_url_prefix()}/#/runs/details/{run_id}"

    @property
    def address(self) -> str:
        """URL of the API."""
        return str(self._existing_config.host)

    @property
    def namespace(self) -> str | None:
        """Profile of a multi-user installation."""
        return self.profile or self.get_user_namespace() or None

    def _version(self) -> str | None:
        """Returns the server's release, which only its v1beta1 API reports."""
        try:
            answer = self._get("/apis/v1beta1/healthz")
        except kfp_client.kfp_server_api.ApiException:
            return None
        version = answer.get("tag_name") if isinstance(answer, dict) else None
        return version.removeprefix("v") if version else None

    def _get(self, path: str, **query: str) -> Any:
        """Requests JSON that kfp's client has no method for."""
        return self._healthz_api.api_client.call_api(
            path,
            "GET",
            query_params=list(query.items()),
            response_type="object",
            auth_settings=["Bearer"],
            _return_http_data_only=True,
        )


def check(connection: Connection) -> None:
    """Checks a connection without a request.

    Raises:
      ConfigError: No host is known, or a file of the connection cannot be read.
    """
    _host(connection)
    _cookies(connection.cookie_file)
    _credentials(connection.token_file)


@contextlib.contextmanager
def connect(connection: Connection) -> Iterator[Client]:
    """Yields a connected client, and raises its errors as user errors.

    Raises:
      ConfigError: No host is known, or a file of the connection cannot be read.
      KubeflowError: The server cannot be reached, rejects a request, or has an
        unsupported version.
    """
    host = _host(connection)
    address = host or "Kubeflow Pipelines in this cluster"
    # It logs each retry; the last failure is an error.
    logging.getLogger("urllib3.connectionpool").setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            # kfp warns that it does not support servers of version 1.
            warnings.simplefilter("ignore", FutureWarning)
            client = Client(
                host=host,
                cookies=_cookies(connection.cookie_file),
                credentials=_credentials(connection.token_file),
                ssl_ca_cert=str(connection.ca) if connection.ca else None,
            )
        client.profile = connection.namespace
        client.get_kfp_healthz()
        client.require_supported()
        yield client
    except kfp_client.kfp_server_api.ApiException as error:
        raise KubeflowError(reason_of(error, address)) from error
    except urllib3.exceptions.HTTPError as error:
        cause = getattr(error, "reason", None) or error
        raise KubeflowError(f"{address}: cannot be reached ({cause})") from error


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Suppresses the links that kfp's client prints."""
    with contextlib.redirect_stdout(io.StringIO()):
        yield


def _host(connection: Connection) -> str | None:
    host = connection.host or os.environ.get(kfp_client.KF_PIPELINES_ENDPOINT_ENV)
    if host is None and _IN_CLUSTER not in os.environ:
        raise ConfigError(
            "no host: give --host URL, or set KF_PIPELINES_ENDPOINT; only inside the "
            "cluster it has a default"
        )
    if host is not None and not host.startswith(("http://", "https://")):
        raise ConfigError(f"host: got {host!r}; expected http://... or https://...")
    return host


def _cookies(file: Path | None) -> str | None:
    return None if file is None else _read(file)


def _credentials(token_file: Path | None) -> kfp.client.TokenCredentialsBase | None:
    if token_file is None:
        return None
    _read(token_file)
    return kfp.client.ServiceAccountTokenVolumeCredentials(str(token_file))


def _read(file: Path) -> str:
    try:
        text = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(f"{file}: cannot be read ({reason})") from error
    if not text:
        raise ConfigError(f"{file}: is empty; expected a token or a cookie")
    return text


def _is_supported(version: str) -> bool:
    """Returns False for unsupported releases; development builds have no number."""
    release = _RELEASE.match(version)
    if release is None:
        return True
    return _OLDEST <= (int(release[1]), int(release[2])) < _NEXT_UNKNOWN


def _is_json(response: Any) -> bool:
    return str(response.getheader("Content-Type", "")).startswith("application/json")
