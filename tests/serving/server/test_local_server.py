"""A local server that has ended, and its port."""

from __future__ import annotations

import os
import signal
import socket

import pytest

from config.serving import Serving
from serving.local_server import LocalServer, ServingError


def test_the_port_of_a_server_that_was_killed_stays_reserved(
    tmp_path, toy_dir, start_server
):
    with LocalServer(Serving(), "toy", toy_dir, tmp_path) as local:
        os.kill(local.pid, signal.SIGKILL)
        host, _, port = local.address.rpartition(":")
        with socket.socket() as other, pytest.raises(OSError, match=r"\[Errno 98\]"):
            other.bind((host, int(port)))
        # By another server at its address, which gRPC's port option allows.
        start_server(port=int(port))

        with pytest.raises(ServingError) as caught:
            local.wait_until_available(60)
        assert str(-signal.SIGKILL) in str(caught.value)
