"""What Prometheus reads."""

from __future__ import annotations

import json
import re

import grpc
import pytest

from serving.server.metrics import PATH, Metrics

COUNT = ":tensorflow:serving:request_count"
LATENCY = ":tensorflow:serving:request_latency"


def _samples(page, name, *labels):
    """The samples of a metric, by some of their labels."""
    found = {}
    for line in page.splitlines():
        match = re.fullmatch(r"([^{ ]+)\{(.*)\} (\S+)", line)
        if match and match[1] == name:
            values = dict(re.findall(r'(\w+)="([^"]*)"', match[2]))
            found[tuple(values[label] for label in labels)] = float(match[3])
    return found


@pytest.fixture
def counted(toy_server, fetch):
    """A function that returns the requests by model and status since the last call."""
    before = {}

    def count():
        status, page = fetch(f"127.0.0.1:{toy_server.rest_port}{PATH}")
        assert status == 200
        now = _samples(page.decode(), COUNT, "model_name", "status")
        new = {key: value - before.get(key, 0) for key, value in now.items()}
        before.update(now)
        return {key: value for key, value in new.items() if value}

    count()
    return count


@pytest.fixture
def post(toy_server, fetch):
    """Posts to a model by HTTP; returns the status of the response."""

    def _post(body, model="toy"):
        url = f"127.0.0.1:{toy_server.rest_port}/v1/models/{model}:predict"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return fetch(url, data)[0]

    return _post


def test_requests_are_counted_by_model_and_status(client, counted, rejection):
    for _ in range(3):
        client.score()
    rejection(client.score, signature="zz")
    # Names of models that are not there are not kept.
    for number in range(3):
        rejection(client.score, model=f"zz{number}")

    assert counted() == {
        ("toy", "OK"): 3,
        ("toy", "FAILED_PRECONDITION"): 1,
        ("", "NOT_FOUND"): 3,
    }


def test_requests_by_http_are_counted_as_others_are(counted, post):
    rows = [{"price": 1.0, "name": "x", "tags": [""]}]
    good = {"signature_name": "predict", "instances": rows}
    assert post(good) == 200
    for wrong in (
        b"{no json",
        {**good, "signature_name": "zz"},
        {**good, "signature_name": 7},
        {**good, "instances": [{"zz": 1}]},
        {**good, "inputs": 1},
        # The model itself rejects this one.
        {"signature_name": "predict", "inputs": {"price": [1.0]}},
    ):
        assert post(wrong) == 400
    assert post(good, model="zz") == 404
    assert post(b"{no json", model="zz") == 400

    assert counted() == {
        ("toy", "OK"): 1,
        ("toy", "INVALID_ARGUMENT"): 6,
        ("", "NOT_FOUND"): 1,
        ("", "INVALID_ARGUMENT"): 1,
    }


def test_latencies_are_in_buckets_of_microseconds():
    metrics = Metrics()
    for seconds in (0.000_005, 0.000_015, 0.5):
        metrics.observe_latency("toy", "Predict", "GRPC", seconds)

    page = metrics.page()
    names = ("model_name", "API", "entrypoint")
    labels = ("toy", "Predict", "GRPC")
    buckets = _samples(page, f"{LATENCY}_bucket", *names, "le")
    assert buckets[(*labels, "10.0")] == 1
    assert buckets[(*labels, "18.0")] == 2
    assert buckets[(*labels, "+Inf")] == 3
    totals = _samples(page, f"{LATENCY}_sum", *names)
    assert totals == {labels: pytest.approx(500_020)}


def test_names_are_those_of_tensorflow_serving():
    metrics = Metrics()
    metrics.count_request("toy", grpc.StatusCode.OK)

    assert f"# TYPE {COUNT} counter" in metrics.page()
    # As the client library would add.
    assert "_created" not in metrics.page()
    assert "_total" not in metrics.page()
