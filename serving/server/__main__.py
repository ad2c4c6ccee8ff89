"""Process of the embedded server, started by `Settings.command`."""

from __future__ import annotations

import gc
import logging
import os
import signal
import sys
import threading
import warnings
from typing import TYPE_CHECKING

from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from config.errors import ConfigError, RunError, UserError
from config.garbage import collect_rarely
from config.ports import check_free
from serving.model_config import Settings, model_server_config
from serving.tls import read_pem

if TYPE_CHECKING:
    from serving.server.server import Server


def main() -> int:
    """Serves until SIGINT or SIGTERM.

    Returns:
      The exit status: 0 if stopped by a signal, 1 if a model cannot be loaded, 2 for
      invalid settings.
    """
    collect_rarely()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        _serve(Settings.model_validate_json(sys.argv[1]), stop)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _serve(settings: Settings, stop: threading.Event) -> None:
    serving = settings.serving

    def read_config() -> ModelServerConfig:
        return model_server_config(
            serving, settings.model, settings.base_path, settings.request_log_dir
        )

    # Checked before TensorFlow is imported, which takes seconds.
    pem = None if serving.tls is None else read_pem(serving.tls)
    for port in filter(None, (serving.port, serving.rest_port)):
        check_free(serving.host, port)
    read_config()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.filterwarnings("ignore", category=FutureWarning)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("tensorflow").setLevel(logging.ERROR)

    from serving.server.server import Server
    from serving.server.version_loader import Polling

    # Excludes imported modules from later collections, during which requests wait.
    gc.collect()
    gc.freeze()
    polling = Polling(retries=settings.load_retries)
    server = Server(serving, read_config, polling, pem)
    # Already while the server waits for a first version.
    stopping = threading.Thread(target=_stop_after, args=(stop, server), daemon=True)
    stopping.start()
    if _start(server, stop):
        host, rest_port = serving.host, server.rest_port
        rest = "" if rest_port is None else f", REST on {host}:{rest_port}"
        address = f"gRPC on {host}:{server.port}"
        print(f"serving {settings.model}: {address}{rest}", flush=True)
    stopping.join()


def _start(server: Server, stop: threading.Event) -> bool:
    """Starts the server; returns False if it was stopped meanwhile."""
    import grpc

    from serving.server.status import StatusError

    try:
        server.start()
    except StatusError as error:
        if stop.is_set():
            return False
        # Exiting while a thread is in TensorFlow would abort the process.
        server.stop()
        wrong = error.code == grpc.StatusCode.INVALID_ARGUMENT
        raise (ConfigError if wrong else RunError)(str(error)) from error
    return True


def _stop_after(stop: threading.Event, server: Server) -> None:
    stop.wait()
    server.stop()


if __name__ == "__main__":
    sys.exit(main())
