"""Several processes that serve on the same ports.

The system hands each connection to one of them. Each has models and a Python of its
own, so that two serve nearly twice as many requests; a crash takes one of them along.
"""

from __future__ import annotations

import dataclasses
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
import warnings
from collections.abc import Callable
from contextlib import ExitStack
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess

from tensorflow_serving.config import model_server_config_pb2

from pipeline.errors import RunError, UserError
from serving.complaint import Complaint
from serving.server.config_files import read_model_config, write_model_config
from serving.server.options import METRICS_FOLDER, ServerOptions
from serving.server.ports import bind, check_free
from serving.tied import when_parent_ends

# How long a process may take to answer what it was asked before.
_GRACE_SECONDS = 15.0
_LOOK_SECONDS = 1.0
_ENDED = "a process of the server ended"

_LOG = logging.getLogger(__name__)


def serve_by_workers(
    options: ServerOptions,
    config: model_server_config_pb2.ModelServerConfig,
    count: int,
    stop: threading.Event,
    on_ready: Callable[[int, int | None], None],
) -> None:
    """Serves until `stop`; a process that crashes is started again.

    Args:
      options: How each process serves.
      config: The models.
      count: How many processes.
      stop: Ends serving.
      on_ready: Called with the ports, once all processes answer.

    Raises:
      UserError: A process cannot serve.
    """
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="ctr-serve-"))
        shared = os.path.join(folder, "models.config")
        write_model_config(shared, config)
        os.environ[METRICS_FOLDER] = folder
        port = _keep_port(stack, options.host, options.port)
        rest_port = options.rest_port
        if rest_port is not None:
            rest_port = _keep_port(stack, options.host, rest_port)
        workers = _Workers(
            dataclasses.replace(
                options,
                port=port,
                rest_port=rest_port,
                shares_ports=True,
                config_file=shared,
                shares_config=True,
            ),
            count,
        )
        stack.callback(workers.stop)
        if workers.start(stop):
            on_ready(port, rest_port)
        last = config
        complaint = Complaint(_LOG.warning)
        while not stop.wait(_LOOK_SECONDS):
            workers.replace_dead()
            if options.config_file is not None:
                last = _copy_changes(options.config_file, shared, last, complaint)


def _keep_port(stack: ExitStack, host: str, port: int) -> int:
    """Takes a port so that only our processes share it."""
    check_free(host, port)
    kept = stack.enter_context(bind(host, port, shares_port=True))
    number: int = kept.getsockname()[1]
    return number


def _copy_changes(
    path: str,
    shared: str,
    last: model_server_config_pb2.ModelServerConfig,
    complaint: Complaint,
) -> model_server_config_pb2.ModelServerConfig:
    """Hands a configuration file that has changed to the processes."""
    try:
        config = read_model_config(path)
    except UserError as error:
        complaint.say(f"{path}: not taken: {error}")
        return last
    complaint.clear()
    if config != last:
        write_model_config(shared, config)
    return config


class _Workers:
    """The processes."""

    def __init__(self, options: ServerOptions, count: int):
        self._options = options
        self._count = count
        self._context = multiprocessing.get_context("spawn")
        # With what each tells; it ends where nobody is there to be told.
        self._processes: dict[BaseProcess, Connection] = {}

    def start(self, stop: threading.Event) -> bool:
        """Starts all, and waits until they answer, or until `stop`.

        Returns:
          Whether they answer.

        Raises:
          RunError: One cannot serve.
        """
        for _ in range(self._count):
            self._start()
        for process, told in self._processes.items():
            while not wait([told, process.sentinel], _LOOK_SECONDS):
                if stop.is_set():
                    return False
            problem = _problem(told)
            if problem is not None:
                raise RunError(problem)
        return True

    def replace_dead(self) -> None:
        """Starts a process for each that has crashed."""
        dead = [each for each in self._processes if not each.is_alive()]
        for process in dead:
            with self._processes.pop(process) as told:
                problem = _problem(told) or _ENDED
            _LOG.warning("%s (status %s); restarted", problem, process.exitcode)
            self._start()

    def stop(self) -> None:
        """Has all answer what they were asked, and ends them."""
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(_GRACE_SECONDS)
            if process.is_alive():
                process.kill()

    def _start(self) -> None:
        told, tell = self._context.Pipe(duplex=False)
        process = self._context.Process(target=_work, args=(self._options, tell))
        process.start()
        tell.close()
        self._processes[process] = told


def _problem(told: Connection) -> str | None:
    """What a process tells is wrong, or that it ended; None where it serves."""
    try:
        problem: str | None = told.recv()
    except EOFError:
        return _ENDED
    return problem


def _work(options: ServerOptions, tell: Connection) -> None:
    """What a process does: tells None, or what is wrong, and serves."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    # Ctrl-C goes to all processes, and the first of them ends the others.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    when_parent_ends(stop.set)

    # As in __main__.py, which a process that is spawned does not run.
    warnings.filterwarnings("ignore", category=FutureWarning)

    try:
        assert options.config_file is not None
        config = read_model_config(options.config_file)
        # Only here: the process that watches over the others needs no TensorFlow.
        from serving.server.process import serve

        serve(options, config, stop, lambda *_: tell.send(None))
    except UserError as error:
        tell.send(str(error))
