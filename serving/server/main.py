"""The command line of the embedded server.

Flags that `tensorflow_model_server` has are named as there, and mean the same.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Sequence

from tensorflow_serving.config import model_server_config_pb2

from pipeline.errors import ConfigError, UserError
from serving.server.config_files import (
    read_batching_parameters,
    read_credentials,
    read_model_config,
)
from serving.server.options import (
    BatchingParameters,
    Polling,
    ServerOptions,
    single_model,
)
from serving.server.ports import check_free
from serving.server.workers import serve_by_workers


def main(arguments: Sequence[str] | None = None) -> int:
    """Serves until a signal ends it.

    Args:
      arguments: Command line; by default that of the process.

    Returns:
      The exit status: 0 ended by a signal; 1 a model cannot be loaded; 2 wrong use.
    """
    flags = _parser().parse_args(arguments)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        _serve(flags, stop)
    except UserError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _serve(flags: argparse.Namespace, stop: threading.Event) -> None:
    options, config = _options(flags), _models(flags)
    names = [model.name for model in config.model_config_list.config]
    if options.ssl_config_file is not None:
        # Each process reads it for itself, and later.
        read_credentials(options.ssl_config_file)

    def say_ready(port: int, rest_port: int | None) -> None:
        rest = "" if rest_port is None else f", REST on {options.host}:{rest_port}"
        print(
            f"serving {', '.join(names)}: gRPC on {options.host}:{port}{rest}",
            flush=True,
        )

    if flags.workers > 1:
        serve_by_workers(options, config, flags.workers, stop, say_ready)
        return
    for port in filter(None, (options.port, options.rest_port)):
        check_free(options.host, port)
    # Only here: it imports TensorFlow, which takes long.
    from serving.server.process import serve

    serve(options, config, stop, say_ready)


def _options(flags: argparse.Namespace) -> ServerOptions:
    polled = flags.model_config_file_poll_wait_seconds > 0
    cores = len(os.sched_getaffinity(0))
    return ServerOptions(
        host=flags.host,
        port=flags.port,
        rest_port=flags.rest_api_port or None,
        ssl_config_file=flags.ssl_config_file,
        config_file=flags.model_config_file if polled else None,
        batching=_batching(flags),
        polling=Polling(
            flags.file_system_poll_wait_seconds,
            flags.max_num_load_retries,
            flags.load_retry_interval_micros / 1e6,
        ),
        threads=max(1, cores // flags.workers),
        max_message_bytes=flags.max_message_bytes,
        max_concurrent_requests=flags.max_concurrent_requests,
    )


def _batching(flags: argparse.Namespace) -> BatchingParameters | None:
    path = flags.batching_parameters_file
    if not flags.enable_batching:
        if path is not None:
            raise ConfigError(
                "--batching_parameters_file is given without --enable_batching; add it"
            )
        return None
    return BatchingParameters() if path is None else read_batching_parameters(path)


def _models(flags: argparse.Namespace) -> model_server_config_pb2.ModelServerConfig:
    if flags.model_config_file is not None:
        return read_model_config(flags.model_config_file)
    return single_model(flags.model_name, flags.model_base_path)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m serving.server",
        description="A model server that speaks TensorFlow Serving's protocol.",
    )
    models = parser.add_mutually_exclusive_group(required=True)
    models.add_argument("--model_base_path", help="directory of one model's versions")
    models.add_argument("--model_config_file", help="a ModelServerConfig, as text")
    parser.add_argument("--model_name", default="default", help="of the one model")
    parser.add_argument(
        "--model_config_file_poll_wait_seconds",
        type=_number,
        default=0,
        help="1: read the file again when it changes; 0: never (the default)",
    )
    parser.add_argument("--host", default="127.0.0.1", help="whom to listen to")
    parser.add_argument("--port", type=_number, default=8500, help="for gRPC")
    parser.add_argument("--rest_api_port", type=_number, default=0, help="0 for none")
    parser.add_argument("--ssl_config_file", help="an SSLConfig, as text")
    parser.add_argument("--enable_batching", action="store_true")
    parser.add_argument("--batching_parameters_file", help="as text")
    parser.add_argument("--file_system_poll_wait_seconds", type=float, default=1.0)
    parser.add_argument("--max_num_load_retries", type=_number, default=5)
    parser.add_argument("--load_retry_interval_micros", type=_number, default=5_000_000)
    parser.add_argument("--workers", type=_positive, default=1, help="processes")
    parser.add_argument("--max_message_bytes", type=_positive, default=64 * 2**20)
    parser.add_argument("--max_concurrent_requests", type=_positive, default=256)
    return parser


def _number(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"expected 0 or more, got {text!r}")
    return int(text)


def _positive(text: str) -> int:
    number = _number(text)
    if number == 0:
        raise argparse.ArgumentTypeError(f"expected 1 or more, got {text!r}")
    return number
