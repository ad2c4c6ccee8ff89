"""Serves in this process."""

from __future__ import annotations

import gc
import logging
import threading
from collections.abc import Callable

import grpc
import tensorflow as tf
from tensorflow_serving.config import model_server_config_pb2

from pipeline.errors import ConfigError, RunError
from serving.server.options import ServerOptions
from serving.server.server import Server
from serving.server.status import StatusError


def serve(
    options: ServerOptions,
    config: model_server_config_pb2.ModelServerConfig,
    stop: threading.Event,
    on_ready: Callable[[int, int | None], None],
) -> None:
    """Serves until `stop`.

    Args:
      options: How.
      config: The models.
      stop: Ends serving.
      on_ready: Called with the ports, once requests are answered.

    Raises:
      ConfigError: A file, the configuration or a port cannot be used.
      RunError: A model cannot be loaded.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    tf.get_logger().setLevel(logging.ERROR)
    # What was imported is looked through by no later collection, for which all requests
    # would wait.
    gc.collect()
    gc.freeze()
    server = Server(options)
    # Also while the server starts, which may take until someone releases a version.
    end = threading.Thread(target=_stop_with, args=(stop, server), daemon=True)
    end.start()
    try:
        server.start(config)
    except StatusError as error:
        if stop.is_set():
            end.join()
            return
        # A thread that is still at work in TensorFlow would abort the process at its
        # exit, and the error's status would be lost.
        server.stop()
        wrong = error.code == grpc.StatusCode.INVALID_ARGUMENT
        raise (ConfigError if wrong else RunError)(str(error)) from error
    on_ready(server.port, server.rest_port)
    end.join()


def _stop_with(stop: threading.Event, server: Server) -> None:
    stop.wait()
    server.stop()
