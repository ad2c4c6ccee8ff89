"""Webhooks: what is posted, how it is signed, and what happens if it fails."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket

import pytest

from config.errors import ConfigError
from config.notify import Webhook
from pipeline.notifications import Notification, Notifier
from tests.webhooks import serve

BLOCKED = Notification(
    event="blocked",
    pipeline="ads",
    run_id="r1",
    verdict="blocked",
    reasons=["failed: auc >= 0.9 (auc is 0.8)"],
    report="/runs/r1/report.html",
    commands=["ctr report -c ads.yaml"],
)


def notify(*webhooks, notification=BLOCKED):
    Notifier([Webhook(**webhook) for webhook in webhooks]).notify(notification)


def test_a_notification_is_json(capsys):
    with serve() as server:
        notify({"webhook": server.url})
    ((headers, body),) = server.posted
    posted = json.loads(body)

    assert headers["Content-Type"] == "application/json"
    assert posted["event"] == posted["verdict"] == "blocked"
    assert (posted["pipeline"], posted["run_id"]) == ("ads", "r1")
    assert posted["reasons"] == ["failed: auc >= 0.9 (auc is 0.8)"]
    assert posted["report"] == "/runs/r1/report.html"
    assert posted["commands"] == ["ctr report -c ads.yaml"]
    assert posted["model_version"] is None
    assert {"ads", "r1"} <= set(
        posted["text"].replace(")", "").replace(":", "").split()
    )
    assert capsys.readouterr().err == ""


def test_only_chosen_events_are_posted():
    with serve() as server:
        notify({"webhook": server.url, "on": ["released", "failed"]})
        assert server.posted == []
        notify({"webhook": server.url, "on": ["blocked"]}, {"webhook": server.url})
    assert len(server.posted) == 2


def test_the_signature_is_hmac_sha256_of_the_body(monkeypatch):
    monkeypatch.setenv("AD_KEY", "key of ads")
    with serve() as server:
        notify({"webhook": server.url, "secret": "AD_KEY"})
    ((headers, body),) = server.posted

    digest = hmac.new(b"key of ads", body, hashlib.sha256).hexdigest()
    assert headers["X-CTR-Signature-256"] == f"sha256={digest}"


def test_line_breaks_around_a_secret_do_not_belong_to_it(monkeypatch):
    with serve() as server:
        monkeypatch.setenv("AD_HOOK", f"{server.url}\n")
        monkeypatch.setenv("AD_KEY", "key of ads\n")
        notify({"webhook": "$AD_HOOK", "secret": "AD_KEY"})
    ((headers, body),) = server.posted

    digest = hmac.new(b"key of ads", body, hashlib.sha256).hexdigest()
    assert headers["X-CTR-Signature-256"] == f"sha256={digest}"
    assert server.paths == ["/T0/hush"]


def test_a_url_may_be_in_an_environment_variable(monkeypatch):
    with serve() as server:
        monkeypatch.setenv("AD_HOOK", server.url)
        notify({"webhook": "$AD_HOOK"})
    assert len(server.posted) == 1


@pytest.mark.parametrize(
    "value", [None, "", "\n", "ftp://ads", "hush", "https://ads:hush/"]
)
def test_a_missing_or_malformed_variable_is_an_error(value, monkeypatch):
    """Before the run, not after it; the value may be a secret."""
    if value is not None:
        monkeypatch.setenv("AD_HOOK", value)
    with pytest.raises(ConfigError, match=r"notify\[0\]\.webhook.*AD_HOOK") as caught:
        Notifier([Webhook(webhook="$AD_HOOK")])
    assert not value or value not in str(caught.value).replace("http", "")


def test_a_missing_key_is_an_error():
    with pytest.raises(ConfigError, match=r"notify\[0\]\.secret.*NO_SUCH_KEY"):
        Notifier([Webhook(webhook="https://ads.example", secret="NO_SUCH_KEY")])


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_overloaded_webhook_is_retried(status, capsys):
    with serve(status, status) as server:
        notify({"webhook": server.url})

    assert [body for _, body in server.posted] == [server.posted[0][1]] * 3
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("statuses", "requests"), [([400], 1), ([302], 1), ([503] * 4, 4)]
)
def test_a_webhook_that_refuses_is_a_warning(statuses, requests, capsys):
    with serve(*statuses) as server:
        notify({"webhook": server.url}, {"webhook": server.url, "on": ["blocked"]})

    assert len(server.posted) == requests + 1
    (warning,) = capsys.readouterr().err.splitlines()
    assert str(statuses[0]) in warning
    assert "blocked" in warning
    assert "127.0.0.1" in warning
    assert "hush" not in warning


def test_a_webhook_that_cannot_be_reached_is_a_warning(capsys):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    notify({"webhook": f"http://127.0.0.1:{port}/hush"})

    (warning,) = capsys.readouterr().err.splitlines()
    assert "127.0.0.1" in warning
    assert "hush" not in warning


def test_errors_are_failures_and_ctrl_c_is_none():
    with serve() as server:
        notifier = Notifier([Webhook(webhook=server.url)])
        with pytest.raises(ZeroDivisionError), notifier.failures("ads", "r2"):
            raise ZeroDivisionError("by zero")
        with pytest.raises(KeyboardInterrupt), notifier.failures("ads", "r3"):
            raise KeyboardInterrupt
    ((_, body),) = server.posted
    posted = json.loads(body)

    assert (posted["event"], posted["run_id"]) == ("failed", "r2")
    assert posted["reasons"] == ["ZeroDivisionError: by zero"]


def test_passwords_in_errors_are_not_posted():
    with serve() as server:
        notifier = Notifier([Webhook(webhook=server.url)])
        with pytest.raises(RuntimeError), notifier.failures("ads", "r2"):
            raise RuntimeError("cannot open mysql://ann:hush@db/ads")
    ((_, body),) = server.posted

    assert b"mysql://ann:" in body
    assert b"hush" not in body
