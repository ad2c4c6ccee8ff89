"""What a run says of errors."""

from __future__ import annotations

import grpc
import pytest

from config.ports import bind, port_of
from pipeline.run.local import in_one_line


def test_the_status_of_grpc_is_in_the_line():
    with bind("127.0.0.1") as closed:
        channel = grpc.insecure_channel(f"127.0.0.1:{port_of(closed)}")
        with channel, pytest.raises(grpc.RpcError) as raised:
            next(channel.unary_stream("/service/Method")(b""))
    assert in_one_line(raised.value).startswith("gRPC: UNAVAILABLE: ")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ValueError("first\nlast\n"), "ValueError: last"),
        (KeyError(), "KeyError: "),
    ],
)
def test_the_last_line_of_other_errors_is(error, words):
    assert in_one_line(error) == words
