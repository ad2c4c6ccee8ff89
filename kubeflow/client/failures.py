"""Errors of Kubeflow Pipelines, one line each that says what to do."""

from __future__ import annotations

import importlib.metadata
import json
from typing import TYPE_CHECKING

from config.errors import ConfigError, KubeflowError

if TYPE_CHECKING:
    from kfp_server_api import ApiException

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_NOT_FOUND = 404
_MAX_LENGTH = 300


def no_host() -> ConfigError:
    """Returns the error for a missing host."""
    return ConfigError(
        "no host: give --host URL, or set KF_PIPELINES_ENDPOINT; only inside the "
        "cluster it has a default"
    )


def wrong_server(version: str) -> KubeflowError:
    """Returns the error for a server of an unsupported release."""
    ours = importlib.metadata.version("kfp")
    return KubeflowError(
        f"the server is Kubeflow Pipelines {version}; required: 2.5 or later of 2.x "
        f"(kfp {ours}); upgrade the server, preferably to 2.17"
    )


def reason_of(error: ApiException, host: str) -> str:
    """Returns the message for a rejected request."""
    details = _details(error)
    if error.status == _UNAUTHORIZED:
        return (
            f"{host}: not logged in (401); give --token-file or --cookie-file{details}"
        )
    if error.status == _FORBIDDEN:
        return (
            f"{host}: no permission (403); ask for the role kubeflow-edit in that "
            f"namespace, or give another --namespace, --token-file or --cookie-file"
            f"{details}"
        )
    if error.status == _NOT_FOUND:
        return (
            f"{host}: not found (404): no such object, or not the API of Kubeflow "
            f"Pipelines 2; behind Kubeflow's dashboard the host ends in "
            f"/pipeline{details}"
        )
    ours = importlib.metadata.version("kfp")
    status = error.status or error.reason
    return f"{host}: rejected the request of kfp {ours} ({status}){details}"


def _details(error: ApiException) -> str:
    """Returns the server's own message; its body may also be a page or empty."""
    try:
        body = json.loads(error.body or "")
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    words = " ".join(str(body.get("message") or body.get("error") or "").split())
    shortened = words if len(words) <= _MAX_LENGTH else words[: _MAX_LENGTH - 3] + "..."
    return f"; server: {shortened}" if words else ""
