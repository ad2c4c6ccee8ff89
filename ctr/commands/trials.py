"""`ctr trials`: the trials of the Tuner."""

from __future__ import annotations

import argparse
import json

from ctr.commands.options import (
    Commands,
    add_config_options,
    add_json,
    add_run,
    load,
    work_dir_of,
)


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser("trials", help="show the trials of the Tuner")
    add_config_options(command)
    add_run(command)
    add_json(command)
    command.set_defaults(command=_trials)


def _trials(options: argparse.Namespace) -> int:
    from rich.console import Console

    from config.errors import InputError
    from pipeline.run.summary import read_summary
    from pipeline.run.trials import PLOT_FILE, trials_table

    work_dir = work_dir_of(options, load(options))
    folder = work_dir.path / (options.run or "latest")
    trials = read_summary(folder).trials
    if not trials:
        raise InputError(f"{folder}: the run has no trials; add 'tuning' to the config")
    if options.json:
        print(json.dumps([trial.model_dump() for trial in trials], indent=2))
    else:
        Console().print(trials_table(trials))
        print(f"Plot:   {folder / PLOT_FILE}")
    return 0
