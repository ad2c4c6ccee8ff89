"""The `notify` block: webhooks that receive the outcome of runs and releases."""

from __future__ import annotations

import re
from typing import Annotated, Literal, get_args
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from config.base import Block

Event = Literal["awaiting_approval", "blocked", "failed", "released", "rolled_back"]
EVENTS: tuple[Event, ...] = get_args(Event)


# An environment variable, in place of a URL.
_VARIABLE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")


def _url_or_variable(text: str) -> str:
    if not _VARIABLE.fullmatch(text):
        check_url(text)
    return text


def check_url(url: str) -> None:
    """Raises ValueError for what is no HTTP URL."""
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname)
        # Reading the port checks it.
        is_url = is_url and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url:
        raise ValueError(
            "allowed: an http:// or https:// URL, or $NAME for one in the environment "
            "variable NAME"
        )


class Webhook(Block):
    """A URL to which events are posted as JSON.

    Attributes:
      webhook: The URL; or `$NAME`, an environment variable that holds it, since the
        URLs of many services are secrets.
      on: Events to post. Defaults to all.
      secret: Environment variable with the key of the signature. Defaults to None: not
        signed.
    """

    webhook: Annotated[str, AfterValidator(_url_or_variable)]
    on: Annotated[tuple[Event, ...], Field(min_length=1)] = EVENTS
    secret: Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None

    @property
    def url_variable(self) -> str | None:
        """The environment variable that holds the URL, if it is in one."""
        return self.webhook[1:] if _VARIABLE.fullmatch(self.webhook) else None
