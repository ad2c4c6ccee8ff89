"""`ctr run`: the pipeline on this machine."""

from __future__ import annotations

import argparse
import os
import shlex
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from config.errors import GateError
from ctr.commands.options import (
    Commands,
    add_config_options,
    add_json,
    load,
    same_pipeline,
    work_dir_of,
)

if TYPE_CHECKING:
    from pipeline.run.summary import Summary

# Of the summary.
_NOTIFIED = {"run_id", "verdict", "reasons", "model_version", "report"}


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser("run", help="run the pipeline on this machine")
    add_config_options(command)
    command.add_argument(
        "--span",
        metavar="SPAN",
        help="newest span, such as 2026-11-20 or 8; overrides examples.spans.newest",
    )
    add_json(command)
    command.set_defaults(command=_run)


def _run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pipeline.notifications import Notification, Notifier
    from pipeline.progress import Progress, noise_to
    from pipeline.run.summary import render
    from pipeline.workdir import LOG_FILE

    started = time.monotonic()
    # TensorFlow would take all memory of a GPU in Transform, and leave none for the
    # processes of their own that some trainings have.
    os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")
    config = load(options, options.span)
    notifier = Notifier(config.notify)
    work_dir = work_dir_of(options, config)
    with work_dir.lock():
        folder = work_dir.new_run()
        with (
            notifier.failures(config.name, folder.name),
            noise_to(folder / LOG_FILE) as stdout,
        ):
            console = Console(file=stdout, quiet=options.json)
            with Progress(console).live() as progress:
                progress.start("Loading TFX")
                from pipeline.run.local import run_pipeline

                summary = run_pipeline(config, work_dir, folder, progress, started)
    commands = list(_next_commands(options, summary))
    if options.json:
        print(summary.model_dump_json(indent=2))
    else:
        render(summary, Console())
        for command in commands:
            print(f"Next:   {command}")
    notifier.notify(
        Notification(
            event=summary.verdict,
            pipeline=config.name,
            commands=commands,
            **summary.model_dump(include=_NOTIFIED),
        )
    )
    return GateError.exit_status if summary.verdict == "blocked" else 0


def _next_commands(options: argparse.Namespace, summary: Summary) -> Iterator[str]:
    """Next commands after a run."""
    same = shlex.join(same_pipeline(options))
    decide = f"{summary.run_id} {same} --by NAME --note TEXT"
    rollback = " --rollback" if summary.takes_rollback else ""
    yield f"ctr report {same} --text   (the whole report)"
    if summary.verdict == "awaiting_approval":
        yield f"ctr release approve {decide}{rollback}"
        yield f"ctr release reject {decide}"
    elif summary.is_released_already:
        yield f"ctr release list {same}   (what is released)"
    elif summary.verdict == "blocked" and summary.metrics:
        # There is no candidate otherwise.
        yield f"ctr release approve {decide} --override{rollback}"
