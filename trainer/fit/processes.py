"""Work in processes of its own.

Some settings of TensorFlow and of the C library hold for a whole process, and must be
made before it does anything. The process that runs a DAG has run Transform by then, and
is to evaluate; it gets back the memory that training took.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from typing import Any

from config.errors import RunError, UserError

_SECONDS_TO_END = 10
# A large table is looked up at random places: in pages of 4 KiB most of them miss what
# the processor remembers of the page table. glibc reads this when a process starts
# (GNU C Library manual, "Memory Allocation Tunables").
_HUGE_PAGES = ("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1")


def run_in_processes(
    function: Callable[..., None], arguments: Sequence[tuple[Any, ...]]
) -> None:
    """Runs a function in new processes, one for each tuple of arguments.

    What the first one logs is logged here too. When one fails, the others are ended.

    Args:
      function: A function of a module.
      arguments: Its arguments in each process; they are pickled.

    Raises:
      UserError: One that the function raised.
      RunError: A process ended before the function did.
      RuntimeError: With the traceback of another error as its text.
    """
    context = multiprocessing.get_context("spawn")
    children: dict[Connection, SpawnProcess] = {}
    try:
        for number, each in enumerate(arguments):
            ours, theirs = context.Pipe(duplex=False)
            child = context.Process(
                target=_work, args=(theirs, number == 0, function, each), daemon=True
            )
            with _huge_pages():
                child.start()
            theirs.close()
            children[ours] = child
        _wait_for(dict(children))
    finally:
        for child in children.values():
            child.terminate()
        for child in children.values():
            # One that waits for another in vain does not notice.
            child.join(_SECONDS_TO_END)
            child.kill()


@contextlib.contextmanager
def _huge_pages() -> Iterator[None]:
    """Lets processes started in it have huge pages, unless the user has tuned glibc."""
    name, value = _HUGE_PAGES
    if name in os.environ:
        yield
        return
    os.environ[name] = value
    try:
        yield
    finally:
        del os.environ[name]


def _wait_for(children: dict[Connection, SpawnProcess]) -> None:
    while children:
        for connection in wait(list(children)):
            assert isinstance(connection, Connection)
            try:
                message = connection.recv()
            except EOFError:
                message = _ended(children[connection])
            if isinstance(message, logging.LogRecord):
                logging.getLogger(message.name).handle(message)
            elif isinstance(message, Exception):
                raise message
            else:
                children.pop(connection).join()


def _ended(child: SpawnProcess) -> RunError:
    child.join()
    return RunError(
        f"a training process ended with status {child.exitcode} before its work was "
        "done; it may have been killed, or have run out of memory"
    )


def _work(
    connection: Connection,
    logs: bool,
    function: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    """Body of a process: sends log records, and at last None or an error."""
    _end_with_parent()
    sender = _Sender(connection)
    if logs:
        logging.getLogger().addHandler(sender)
        logging.getLogger().setLevel(logging.INFO)
    try:
        function(*arguments)
    except UserError as error:
        sender.send(error)
    except Exception:
        sender.send(RuntimeError(traceback.format_exc()))
    else:
        sender.send(None)


def _end_with_parent() -> None:
    """Ends this process when its parent says so, or is gone.

    At Ctrl-C a terminal interrupts both; the parent then tells this one, once, so that
    it can remove its temporary files.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    parent = multiprocessing.parent_process()
    assert parent is not None

    def end_after_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end_after_parent, daemon=True).start()


class _Sender(logging.Handler):
    """Sends log records, and what comes after them."""

    def __init__(self, connection: Connection):
        super().__init__(logging.INFO)
        self._connection = connection
        self._sending = threading.Lock()

    def emit(self, record: logging.LogRecord) -> None:
        # Arguments and tracebacks may be no things to pickle.
        text = record.getMessage()
        self.send(logging.makeLogRecord({**vars(record), "msg": text, **_BARE}))

    def send(self, message: logging.LogRecord | Exception | None) -> None:
        """Sends anything."""
        with self._sending:
            self._connection.send(message)


_BARE = {"args": None, "exc_info": None}
