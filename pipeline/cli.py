"""The `ctr` command. Heavy packages are imported only inside the commands."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands import neighbors, trials
from pipeline.commands.options import (
    Command,
    add_config_options,
    add_debug,
    add_json,
    add_run,
    load,
    run_folder,
    work_dir_of,
)

if TYPE_CHECKING:
    from pipeline.commands.options import Commands

_BLOCKED = 3
_INTERRUPTED = 130
_FAILED = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
      arguments: Command line; by default that of the process.

    Returns:
      The exit status: 0 done; 2 wrong use or bad input; 3 stopped by a gate; 130
      interrupted; 1 anything else.
    """
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
        return status
    except KeyboardInterrupt:
        print("interrupted; run the same command to go on", file=sys.stderr)
        return _INTERRUPTED
    except Exception as error:
        if options.debug:
            raise
        return _explain(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ctr",
        description="Click-through-rate models: train, evaluate, release and serve.",
    )
    parser.set_defaults(debug=False)
    add_debug(parser)
    commands = parser.add_subparsers(
        dest="name", required=True, metavar="COMMAND", parser_class=Command
    )
    _add_simulate(commands)
    _add_init(commands)
    _add_config(commands)
    _add_run(commands)
    _add_report(commands)
    trials.add(commands)
    neighbors.add(commands)
    return parser


def _add_simulate(commands: Commands) -> None:
    command = commands.add_parser("simulate", help="make simulated ad clicks")
    command.add_argument("--out", type=Path, required=True, help="folder to make")
    command.add_argument("--rows", type=int, default=200_000)
    command.add_argument("--days", type=int, default=8)
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--format", choices=("csv", "parquet"), default="csv")
    add_json(command)
    command.set_defaults(command=_simulate)


def _add_init(commands: Commands) -> None:
    command = commands.add_parser("init", help="infer a first config from a sample")
    command.add_argument("files", type=Path, nargs="+", metavar="FILE")
    command.add_argument("--label", required=True, help="the column to predict")
    command.add_argument("--out", type=Path, default=Path("pipeline.yaml"))
    command.set_defaults(command=_init)


def _add_config(commands: Commands) -> None:
    command = commands.add_parser("config", help="show or validate a config")
    command.add_argument("action", choices=("show", "validate"))
    add_config_options(command)
    command.set_defaults(command=_config)


def _add_run(commands: Commands) -> None:
    command = commands.add_parser("run", help="run the pipeline on this machine")
    add_config_options(command)
    add_json(command)
    command.set_defaults(command=_run)


def _add_report(commands: Commands) -> None:
    command = commands.add_parser("report", help="show the report of a run")
    add_config_options(command)
    add_run(command)
    add_json(command)
    command.set_defaults(command=_report)


def _simulate(options: argparse.Namespace) -> int:
    from pipeline.simulate import simulate

    made = simulate(
        options.out, options.rows, options.days, options.seed, options.format
    )
    if options.json:
        print(json.dumps(dataclasses.asdict(made), default=str, indent=2))
        return 0
    print(f"{made.rows:,} examples of {options.days} days in {options.out}")
    print(f"{made.users:,} users, {made.ads:,} ads, click rate {made.click_rate:.1%}")
    if made.best_possible_auc is not None:
        print(f"best possible AUC on the last day: {made.best_possible_auc:.4f}")
    return 0


def _init(options: argparse.Namespace) -> int:
    from pipeline.errors import InputError
    from pipeline.infer import infer_config

    if options.out.exists():
        raise InputError(f"{options.out} exists; remove it or choose another by --out")
    folder = options.out.absolute().parent
    options.out.write_text(infer_config(options.files, options.label, folder=folder))
    print(f"wrote {options.out}; read its comments, then: ctr run -c {options.out}")
    return 0


def _config(options: argparse.Namespace) -> int:
    from pipeline.config import to_yaml

    config = load(options)
    print(to_yaml(config) if options.action == "show" else f"{options.config}: valid")
    return 0


def _run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pipeline.progress import Progress, noise_to
    from pipeline.summary import render
    from pipeline.workdir import LOG_FILE

    started = time.monotonic()
    config = load(options)
    work_dir = work_dir_of(options, config)
    with work_dir.lock():
        folder = work_dir.new_run()
        with noise_to(folder / LOG_FILE) as stdout:
            console = Console(file=stdout, quiet=options.json)
            with Progress(console).live() as progress:
                progress.start("Loading TFX")
                from pipeline.local import run_pipeline

                summary = run_pipeline(config, work_dir, folder, progress, started)
    if options.json:
        print(summary.model_dump_json(indent=2))
    else:
        render(summary, Console())
        print(f"Next:   {_next_command(options)}")
    return _BLOCKED if summary.verdict == "blocked" else 0


def _next_command(options: argparse.Namespace) -> str:
    """What a person types after a run."""
    where = f" --work-dir {options.work_dir}" if options.work_dir else ""
    return f"ctr report -c {options.config}{where}   (all slices)"


def _report(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pipeline.summary import read_summary, render

    summary = read_summary(run_folder(options))
    if options.json:
        print(summary.model_dump_json(indent=2))
    else:
        render(summary, Console(), all_slices=True)
    return 0


def _explain(error: Exception) -> int:
    """Prints one line about an error; returns the exit status."""
    from pipeline.errors import find_user_error

    user_error = find_user_error(error)
    if user_error is not None:
        print(f"error: {user_error}", file=sys.stderr)
        return user_error.exit_status
    if isinstance(error, OSError) and error.filename is not None:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return _FAILED
    lines = str(error).strip().splitlines() or [""]
    words = f"{type(error).__name__}: {lines[-1]}"
    print(f"error: {words} (--debug shows where)", file=sys.stderr)
    return _FAILED


if __name__ == "__main__":
    sys.exit(main())
