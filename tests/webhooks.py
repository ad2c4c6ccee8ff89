"""A webhook that keeps what is posted to it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Webhook(ThreadingHTTPServer):
    """An HTTP server on loopback.

    Attributes:
      posted: Headers and body of each request.
      paths: Path of each request.
      url: A URL of it, whose path is a secret.
    """

    def __init__(self, statuses: Iterable[int]):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.statuses = list(statuses)
        self.posted: list[tuple[dict[str, str], bytes]] = []
        self.paths: list[str] = []
        self.url = f"http://127.0.0.1:{self.server_port}/T0/hush"


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append((dict(self.headers), body))
        self.server.paths.append(self.path)
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", self.server.url)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Keeps the output of the tests clean."""


@contextmanager
def serve(*statuses: int) -> Iterator[Webhook]:
    """Serves a webhook that answers by these statuses, then by 200."""
    with Webhook(statuses) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()
