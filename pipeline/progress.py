"""Shows what a run is doing: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.progress import Progress as Bars
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from config.console import say
from pipeline import RUN_PACKAGES


class Progress:
    """The components of a run as they start, report and end."""

    def __init__(self, console: Console):
        """Shows progress on a console."""
        self._console = console
        self._current = ""
        self._bars = Bars(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TimeElapsedColumn(),
            console=console,
            transient=True,
            # What is written there is noise; it goes to the log file.
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not console.is_terminal,
        )
        self._task = self._bars.add_task("", total=None)

    @contextmanager
    def live(self, packages: Sequence[str] = RUN_PACKAGES) -> Iterator[Progress]:
        """Shows progress, and what some packages log, until the block ends."""
        handler = _Notes(self)
        loggers = [logging.getLogger(name) for name in packages]
        for logger in loggers:
            logger.addHandler(handler)
            logger.setLevel(logging.INFO)
        try:
            with self._bars:
                yield self
        finally:
            for logger in loggers:
                logger.removeHandler(handler)

    def start(self, name: str) -> None:
        """A component starts."""
        self._current = name
        if self._console.is_terminal:
            self._bars.reset(self._task, description=name, start=True)
        else:
            self._line(f"{name} ...")

    def note(self, words: str) -> None:
        """The current component has something to say."""
        self._line(f"  {self._current}: {words}" if self._current else words)

    def pause(self) -> None:
        """No component is under way: what is noted now stands alone."""
        self._current = ""

    def end(self, seconds: float, cached: bool) -> None:
        """The current component ended well."""
        how = "cached" if cached else f"{seconds:.1f} s"
        self._line(f"{self._current}: {how}")

    def _line(self, text: str) -> None:
        say(self._console, text)


class _Notes(logging.Handler):
    """Passes log records on as notes."""

    def __init__(self, progress: Progress):
        super().__init__(logging.INFO)
        self._progress = progress

    def emit(self, record: logging.LogRecord) -> None:
        self._progress.note(record.getMessage())


@contextmanager
def noise_to(log_file: Path) -> Iterator[TextIO]:
    """Sends all that is written to stdout and stderr to a file meanwhile.

    By file descriptor, since TensorFlow and Beam write from C++ too.

    Args:
      log_file: Appended to.

    Yields:
      The real stdout.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    saved = os.dup(1), os.dup(2)
    try:
        with log_file.open("ab") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        with os.fdopen(os.dup(saved[0]), "w") as stdout, _logged_to(log_file):
            yield stdout
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os.dup2(saved[0], 1)
        os.dup2(saved[1], 2)
        for descriptor in saved:
            os.close(descriptor)


@contextmanager
def _logged_to(log_file: Path) -> Iterator[None]:
    """Logs what TFX and Beam do, with times."""
    handler = logging.FileHandler(log_file)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
    )
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
