"""What Prometheus reads."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request

import grpc
import pytest

from serving.server.metrics import PATH, Metrics


def _value(page, name, **labels):
    """The value of a sample."""
    for line in page.splitlines():
        match = re.fullmatch(r"(?P<name>[^{ ]+)\{(?P<labels>.*)\} (?P<value>\S+)", line)
        if match and match["name"] == name:
            found = dict(re.findall(r'(\w+)="([^"]*)"', match["labels"]))
            if labels.items() <= found.items():
                return float(match["value"])
    return None


@pytest.fixture
def page():
    def _read(server):
        url = f"http://127.0.0.1:{server.rest_port}{PATH}"
        with urllib.request.urlopen(url, timeout=10) as response:
            assert response.headers["Content-Type"].startswith("text/plain")
            return response.read().decode()

    return _read


@pytest.fixture
def post():
    """Posts to a model by HTTP; the status of the answer."""

    def _post(server, body, model="toy"):
        url = f"http://127.0.0.1:{server.rest_port}/v1/models/{model}:predict"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        try:
            with urllib.request.urlopen(url, data, timeout=10) as response:
                return response.status
        except urllib.error.HTTPError as error:
            return error.code

    return _post


def test_requests_are_counted_by_model_and_status(start_server, connect, page, refused):
    server = start_server()
    client = connect(server)
    for _ in range(3):
        client.score()
    refused(lambda: client.score(signature="zz"))

    name = ":tensorflow:serving:request_count"
    text = page(server)
    assert f"# TYPE {name} counter" in text
    assert _value(text, name, model_name="toy", status="OK") == 3
    assert _value(text, name, model_name="toy", status="FAILED_PRECONDITION") == 1


def test_unknown_model_names_are_not_kept_in_the_metrics(
    start_server, connect, page, refused
):
    server = start_server()
    client = connect(server)
    for number in range(3):
        refused(lambda number=number: client.score(name_of_model=f"zz{number}"))

    text = page(server)
    assert "zz" not in text
    name = ":tensorflow:serving:request_count"
    assert _value(text, name, model_name="", status="NOT_FOUND") == 3


def test_requests_by_http_are_counted_as_others_are(start_server, page, post):
    server = start_server()
    rows = [{"price": 1.0, "name": "x", "tags": [""]}]
    good = {"signature_name": "predict", "instances": rows}
    assert post(server, good) == 200
    refused = [
        post(server, b"{no json"),
        post(server, {**good, "signature_name": "zz"}),
        post(server, {**good, "signature_name": 7}),
        post(server, {**good, "instances": [{"zz": 1}]}),
        post(server, {**good, "inputs": 1}),
    ]
    assert refused == [400] * 5
    assert post(server, good, model="zz") == 404
    assert post(server, b"{no json", model="zz") == 400

    text = page(server)
    name = ":tensorflow:serving:request_count"
    assert _value(text, name, model_name="toy", status="OK") == 1
    assert _value(text, name, model_name="toy", status="INVALID_ARGUMENT") == 5
    assert _value(text, name, model_name="", status="NOT_FOUND") == 1
    assert _value(text, name, model_name="", status="INVALID_ARGUMENT") == 1
    assert "zz" not in text


def test_a_request_by_http_that_the_model_refuses_is_counted_once(
    start_server, page, post
):
    server = start_server()
    body = {"signature_name": "predict", "inputs": {"price": [1.0]}}
    assert post(server, body) == 400

    name = ":tensorflow:serving:request_count"
    assert _value(page(server), name, model_name="toy", status="INVALID_ARGUMENT") == 1


def test_latencies_are_in_buckets_of_microseconds():
    metrics = Metrics()
    for seconds in (0.000_005, 0.000_015, 0.5):
        metrics.observe_latency("toy", "Predict", "GRPC", seconds)

    text = metrics.page()
    labels = {"model_name": "toy", "API": "Predict", "entrypoint": "GRPC"}
    bucket = ":tensorflow:serving:request_latency_bucket"
    assert _value(text, bucket, le="10.0", **labels) == 1
    assert _value(text, bucket, le="18.0", **labels) == 2
    assert _value(text, bucket, le="+Inf", **labels) == 3
    total = _value(text, ":tensorflow:serving:request_latency_sum", **labels)
    assert total == pytest.approx(500_020)


def test_names_added_by_the_client_library_are_removed():
    metrics = Metrics()
    metrics.count_request("toy", grpc.StatusCode.OK)

    assert "_created" not in metrics.page()
    assert "_total" not in metrics.page()
