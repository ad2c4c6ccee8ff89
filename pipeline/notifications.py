"""Notifications: events of runs and releases, posted to webhooks."""

from __future__ import annotations

import hashlib
import hmac
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timezone
from typing import NamedTuple
from urllib.parse import urlsplit

import pydantic
import urllib3

from config.errors import ConfigError, find_user_error
from config.notify import Event, Webhook, check_url
from config.secrets import mask_passwords
from serving.releases.records import ReleaseRecord

SIGNATURE_HEADER = "X-CTR-Signature-256"

_TIMEOUT_SECONDS = 5.0
# Waits of about 0.5, 1 and 2 seconds: who ran the command is still waiting.
_RETRY = urllib3.Retry(
    total=3,
    backoff_factor=0.5,
    backoff_jitter=0.2,
    status_forcelist=(429, 500, 502, 503, 504),
    allowed_methods=None,
    respect_retry_after_header=False,
)


class Notification(pydantic.BaseModel):
    """Body of a request to a webhook.

    Attributes:
      text: The event in one line, which chat services show.
      verdict: Verdict of the run; None if it failed.
      reasons: Reasons of the verdict, or the error.
      model_version: Version that is released, if any.
      report: Path or URL of the evaluation report, if there is one.
      commands: Commands that a person may run next, such as the one to approve.
      time: Time of the event, RFC 3339 in UTC.
    """

    event: Event
    pipeline: str
    run_id: str
    text: str = ""
    verdict: str | None = None
    reasons: Sequence[str] = ()
    model_version: int | None = None
    report: str | None = None
    commands: Sequence[str] = ()
    time: str = pydantic.Field(
        default_factory=lambda: datetime.now(timezone.utc).isoformat(timespec="seconds")
    )

    model_config = pydantic.ConfigDict(protected_namespaces=())

    @pydantic.model_validator(mode="after")
    def _in_one_line(self) -> Notification:
        if not self.text:
            event = self.event.replace("_", " ")
            version = "" if self.model_version is None else f" {self.model_version}"
            self.text = f"{self.pipeline}: {event}{version} (run {self.run_id})"
        return self


def of_decision(event: Event, pipeline: str, record: ReleaseRecord) -> Notification:
    """Returns the notification of a person's decision."""
    return Notification(
        event=event,
        pipeline=pipeline,
        run_id=record.run,
        reasons=[f"by {record.by}" + (f": {record.note}" if record.note else "")],
        model_version=record.version,
    )


class Notifier:
    """Posts notifications to webhooks.

    Args:
      webhooks: The `notify` block.

    Raises:
      ConfigError: An environment variable that the block names is missing.
    """

    def __init__(self, webhooks: Iterable[Webhook]):
        self._receivers = [
            _Receiver(
                url=_url(webhook, f"notify[{index}].webhook"),
                events=webhook.on,
                key=_variable(webhook.secret, f"notify[{index}].secret"),
            )
            for index, webhook in enumerate(webhooks)
        ]

    def notify(self, notification: Notification) -> None:
        """Posts a notification, with retries.

        The outcome of a run does not depend on it: a webhook that does not accept the
        notification is a warning on stderr.
        """
        body = notification.model_dump_json().encode()
        for receiver in self._receivers:
            if notification.event in receiver.events:
                problem = receiver.post(body)
                if problem is not None:
                    host = urlsplit(receiver.url).hostname
                    print(
                        f"warning: notify: {notification.event} was not delivered to "
                        f"{host}: {problem}",
                        file=sys.stderr,
                    )

    @contextmanager
    def failures(self, pipeline: str, run_id: str) -> Iterator[None]:
        """Posts `failed` for an error other than Ctrl-C; passwords are masked."""
        try:
            yield
        except Exception as error:
            user_error = find_user_error(error) or f"{type(error).__name__}: {error}"
            reasons = [mask_passwords(str(user_error))]
            self.notify(
                Notification(
                    event="failed", pipeline=pipeline, run_id=run_id, reasons=reasons
                )
            )
            raise


class _Receiver(NamedTuple):
    """A webhook with the values of its environment variables."""

    url: str
    events: Sequence[Event]
    key: str | None

    def post(self, body: bytes) -> str | None:
        """Returns why the webhook did not accept a body; None if it did."""
        headers = {"Content-Type": "application/json"}
        if self.key is not None:
            digest = hmac.new(self.key.encode(), body, hashlib.sha256).hexdigest()
            headers[SIGNATURE_HEADER] = f"sha256={digest}"
        try:
            with urllib3.PoolManager(retries=_RETRY, timeout=_TIMEOUT_SECONDS) as pool:
                response = pool.request(
                    "POST", self.url, body=body, headers=headers, redirect=False
                )
        except urllib3.exceptions.HTTPError as error:
            return _reason(error)
        return None if response.status < 300 else f"status {response.status}"


def _url(webhook: Webhook, key: str) -> str:
    url = _variable(webhook.url_variable, key) or webhook.webhook
    try:
        check_url(url)
    except ValueError as error:
        # The value itself may be a secret.
        raise ConfigError(f"{key}: {webhook.webhook} is not a URL; {error}") from error
    return url


def _variable(name: str | None, key: str) -> str | None:
    if name is None:
        return None
    # Secrets often end with a line break.
    if not (value := os.environ.get(name, "").strip()):
        raise ConfigError(f"{key}: the environment variable {name} is not set; set it")
    return value


def _reason(error: urllib3.exceptions.HTTPError) -> str:
    """Returns the reason without the URL, which may be a secret."""
    if isinstance(error, urllib3.exceptions.MaxRetryError) and error.reason is not None:
        cause: Exception = error.reason
    else:
        cause = error
    if isinstance(cause, urllib3.exceptions.ResponseError):
        return str(cause)
    return type(cause).__name__
