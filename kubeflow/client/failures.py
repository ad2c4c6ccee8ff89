"""What went wrong with Kubeflow Pipelines, in one line that says what to do."""

from __future__ import annotations

import importlib.metadata
import json
from typing import TYPE_CHECKING

from config.errors import ConfigError, KubeflowError

if TYPE_CHECKING:
    from kfp_server_api import ApiException

_NO_LOGIN = 401
_NO_PERMISSION = 403
_NOT_FOUND = 404
_LONGEST = 300


def no_host() -> ConfigError:
    """Nobody said where Kubeflow Pipelines is."""
    return ConfigError(
        "no host: give --host URL, or set KF_PIPELINES_ENDPOINT; only inside the "
        "cluster it is found by itself"
    )


def wrong_server(version: str) -> KubeflowError:
    """Returns the error for a server of an unsupported release."""
    ours = importlib.metadata.version("kfp")
    return KubeflowError(
        f"the server is Kubeflow Pipelines {version}; 2.5 or later of 2.x is needed "
        f"(kfp {ours}); upgrade the server, 2.17 is recommended"
    )


def reason_of(error: ApiException, host: str) -> str:
    """One line for what a server refused."""
    told = _told(error)
    if error.status == _NO_LOGIN:
        return f"{host}: not logged in (401): give --token-file or --cookie-file{told}"
    if error.status == _NO_PERMISSION:
        return (
            f"{host}: no permission (403): the account may not do this in that "
            f"namespace; ask for the role kubeflow-edit there, or give another "
            f"--namespace, --token-file or --cookie-file{told}"
        )
    if error.status == _NOT_FOUND:
        return (
            f"{host}: not found (404): no such object there, or no API of Kubeflow "
            f"Pipelines 2; behind Kubeflow's dashboard the host ends in /pipeline{told}"
        )
    ours = importlib.metadata.version("kfp")
    status = error.status or error.reason
    return f"{host}: refused ({status}) what kfp {ours} sent{told}"


def _told(error: ApiException) -> str:
    """What the server itself says, which may be JSON, a page, or nothing."""
    try:
        body = json.loads(error.body or "")
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    words = " ".join(str(body.get("message") or body.get("error") or "").split())
    shortened = words if len(words) <= _LONGEST else words[: _LONGEST - 3] + "..."
    return f"; it says: {shortened}" if words else ""
