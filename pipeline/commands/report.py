"""`ctr report`: what a run came to."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pipeline.commands.options import add_config_options, add_json, add_run, run_folder

if TYPE_CHECKING:
    from pipeline.commands.options import Commands


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser("report", help="show the report of a run")
    add_config_options(command)
    add_run(command)
    add_json(command)
    command.set_defaults(command=_report)


def _report(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pipeline.summary import read_summary, render

    summary = read_summary(run_folder(options))
    if options.json:
        print(summary.model_dump_json(indent=2))
    else:
        render(summary, Console(), all_slices=True)
    return 0
