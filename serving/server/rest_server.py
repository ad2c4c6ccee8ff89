"""An HTTP server for the REST interface.

Werkzeug's, since it is installed with TensorBoard anyway; each connection has a thread.
TensorFlow Serving has no TLS for HTTP either.
"""

from __future__ import annotations

import threading

from werkzeug.serving import WSGIRequestHandler, make_server

from serving.server.ports import bind
from serving.server.rest import RestApi

# A connection without a request is closed after so many seconds.
_IDLE_SECONDS = 60


class RestServer:
    """The REST interface on a port."""

    def __init__(self, api: RestApi, host: str, port: int, shares_port: bool):
        """Binds to the port; `start` begins to answer.

        Raises:
          ConfigError: The port cannot be had.
        """
        listener = bind(host, port, shares_port)
        listener.listen()
        self.port: int = listener.getsockname()[1]
        self._server = make_server(
            host,
            self.port,
            api,
            threaded=True,
            request_handler=_Handler,
            fd=listener.detach(),
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="rest", daemon=True
        )

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Takes no more requests."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Handler(WSGIRequestHandler):
    """Does not print each request."""

    timeout = _IDLE_SECONDS

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Leaves it to the metrics."""
