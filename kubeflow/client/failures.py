"""Messages for requests that Kubeflow Pipelines rejects, one line each."""

from __future__ import annotations

import json
import textwrap
from typing import TYPE_CHECKING

import kfp

if TYPE_CHECKING:
    from kfp_server_api import ApiException

_HINTS = {
    401: "not logged in (401); give --token-file or --cookie-file",
    403: "no permission (403); ask for the role kubeflow-edit in that namespace, or "
    "give another --namespace, --token-file or --cookie-file",
    404: "not found (404): no such object, or not the API of Kubeflow Pipelines 2; "
    "behind Kubeflow's dashboard the host ends in /pipeline",
}
_MAX_LENGTH = 300


def reason_of(error: ApiException, host: str) -> str:
    """Returns the message for a rejected request."""
    hint = _HINTS.get(error.status)
    if hint is None:
        status = error.status or error.reason
        hint = f"rejected the request of kfp {kfp.__version__} ({status})"
    return f"{host}: {hint}{_details(error)}"


def _details(error: ApiException) -> str:
    """Returns the server's own message; its body may also be a page or empty."""
    try:
        body = json.loads(error.body or "")
    except ValueError:
        return ""
    if not isinstance(body, dict):
        return ""
    words = str(body.get("message") or body.get("error") or "")
    shortened = textwrap.shorten(words, _MAX_LENGTH, placeholder="...")
    return f"; server: {shortened}" if shortened else ""
