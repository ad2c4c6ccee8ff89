"""The progress of a run on the screen, and noise in a file."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys

import pytest
from rich.console import Console

from pipeline.progress import Progress, noise_to


class Shown:
    """A progress display and what it has shown."""

    def __init__(self, **settings):
        self.file = io.StringIO()
        self.progress = Progress(Console(file=self.file, width=80, **settings))

    @property
    def lines(self):
        return self.file.getvalue().splitlines()


@pytest.fixture
def shown():
    return Shown()


def test_without_a_terminal_there_are_plain_lines(shown):
    with shown.progress.live():
        shown.progress.start("Trainer")
        shown.progress.note("epoch 1 of [bold]2[/bold]")
        shown.progress.end(12.34, cached=False)
        shown.progress.start("Pusher")
        shown.progress.end(0.0, cached=True)

    assert shown.lines == [
        "Trainer ...",
        "  Trainer: epoch 1 of [bold]2[/bold]",
        "Trainer: 12.3 s",
        "Pusher ...",
        "Pusher: cached",
    ]
    assert "\x1b" not in shown.file.getvalue()


def test_a_note_between_components_has_no_prefix(shown):
    with shown.progress.live():
        shown.progress.start("Loading TFX")
        shown.progress.pause()
        shown.progress.note("a note")

    assert shown.lines[1:] == ["a note"]


def test_long_lines_are_not_wrapped(shown):
    with shown.progress.live():
        shown.progress.start("Pusher")
        shown.progress.note("/a/path" * 40)

    assert shown.lines[1] == "  Pusher: " + "/a/path" * 40


def test_ended_components_stay_on_a_terminal():
    shown = Shown(force_terminal=True)
    with shown.progress.live():
        shown.progress.start("Trainer")
        shown.progress.end(1.0, cached=False)

    assert "Trainer: 1.0 s" in shown.file.getvalue()


def test_logs_of_our_packages_are_notes_of_the_component(shown):
    with shown.progress.live():
        shown.progress.start("Trainer")
        logging.getLogger("trainer.fit.callbacks").info("epoch %d", 3)
        logging.getLogger("components.evaluator.executor").warning("careful")
        logging.getLogger("trainer.fit.callbacks").debug("too much detail")
        logging.getLogger("tensorflow").warning("noise")

    assert shown.lines[1:] == ["  Trainer: epoch 3", "  Trainer: careful"]


def test_nothing_is_shown_after_the_block(shown):
    with shown.progress.live():
        shown.progress.start("Trainer")
    with pytest.raises(KeyError), shown.progress.live():
        raise KeyError
    logging.getLogger("trainer").info("late")

    assert shown.lines == ["Trainer ..."]


# By way of a process, since pytest has put its own files in place of 1 and 2.
NOISY = """
import os, sys
from pathlib import Path
from pipeline.progress import noise_to
print("before")
try:
    with noise_to(Path(sys.argv[1])) as stdout:
        os.write(1, b"fd 1\\n")
        os.write(2, b"fd 2\\n")
        print("print")
        print("to stderr", file=sys.stderr)
        os.system("echo from a child")
        print("progress", file=stdout, flush=True)
        {ending}
except ValueError:
    pass
os.write(1, b"fd 1 after\\n")
print("after")
print("after", file=sys.stderr)
"""


def noisy(log, *options, ending="pass"):
    return subprocess.run(
        [sys.executable, *options, "-c", NOISY.format(ending=ending), str(log)],
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize("ending", ["pass", "raise ValueError"])
def test_noise_goes_into_the_file_until_the_block_ends(tmp_path, ending):
    log = tmp_path / "run.log"
    log.write_text("older\n")
    ended = noisy(log, "-u", ending=ending)

    assert ended.stdout == "before\nprogress\nfd 1 after\nafter\n"
    assert ended.stderr == "after\n"
    noise = ["fd 1", "fd 2", "print", "to stderr", "from a child"]
    assert log.read_text().splitlines() == ["older", *noise]


def test_buffered_text_stays_on_its_side(tmp_path):
    """Python buffers what it prints into a pipe."""
    lines = noisy(tmp_path / "log").stdout.splitlines()

    assert sorted(lines) == ["after", "before", "fd 1 after", "progress"]
    assert "print\n" in (tmp_path / "log").read_text()


def test_a_log_file_that_cannot_be_opened_leaves_stdout_alone(tmp_path):
    before = os.fstat(1)
    with pytest.raises(FileNotFoundError), noise_to(tmp_path / "no" / "log"):
        pass

    assert os.fstat(1) == before


def test_output_of_others_does_not_reach_a_terminal(tmp_path, capfd):
    log = tmp_path / "run.log"
    with noise_to(log) as stdout:
        console = Console(file=stdout, force_terminal=True, width=80)
        with Progress(console).live() as progress:
            progress.start("Trainer")
            sys.stderr.write("a warning of somebody else\n")
            sys.stderr.flush()
            progress.note("epoch 1")
            progress.end(1.0, cached=False)
    printed = capfd.readouterr().out
    assert "Trainer: epoch 1" in printed
    assert "somebody else" not in printed
