"""The `ctr` command. Heavy packages are imported only inside the commands."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.config import Config
    from pipeline.workdir import WorkDir

    Commands = argparse._SubParsersAction["_Command"]

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
    _add_debug(parser)
    commands = parser.add_subparsers(
        dest="name", required=True, metavar="COMMAND", parser_class=_Command
    )
    _add_simulate(commands)
    _add_init(commands)
    _add_config(commands)
    _add_run(commands)
    _add_report(commands)
    return parser


class _Command(argparse.ArgumentParser):
    """A command, which takes `--debug` as well as `ctr` itself does."""

    def __init__(self, **settings: Any):
        super().__init__(**settings)
        _add_debug(self)


def _add_debug(parser: argparse.ArgumentParser) -> None:
    # Without a default: that of a command would undo what `ctr --debug` set.
    parser.add_argument(
        "--debug",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show the traceback of an error",
    )


def _add_simulate(commands: Commands) -> None:
    command = commands.add_parser("simulate", help="make simulated ad clicks")
    command.add_argument("--out", type=Path, required=True, help="folder to make")
    command.add_argument("--rows", type=int, default=200_000)
    command.add_argument("--days", type=int, default=8)
    command.add_argument("--seed", type=int, default=1)
    command.add_argument("--format", choices=("csv", "parquet"), default="csv")
    _add_json(command)
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
    _add_config_options(command)
    command.set_defaults(command=_config)


def _add_run(commands: Commands) -> None:
    command = commands.add_parser("run", help="run the pipeline on this machine")
    _add_config_options(command)
    _add_json(command)
    command.set_defaults(command=_run)


def _add_report(commands: Commands) -> None:
    command = commands.add_parser("report", help="show the report of a run")
    _add_config_options(command)
    command.add_argument("run", nargs="?", help="id of a run; by default the latest")
    _add_json(command)
    command.set_defaults(command=_report)


def _add_config_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("-c", "--config", type=Path, required=True, metavar="FILE")
    command.add_argument("--data", metavar="DIR", help="overrides examples.root")
    command.add_argument(
        "--set",
        dest="overrides",
        action="append",
        default=[],
        metavar="KEY.PATH=VALUE",
        help="overrides a key of the config; may be repeated",
    )
    command.add_argument(
        "--work-dir", type=Path, metavar="DIR", help="by default runs/<name>"
    )


def _add_json(command: argparse.ArgumentParser) -> None:
    command.add_argument("--json", action="store_true", help="print JSON, no tables")


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

    config = _load(options)
    print(to_yaml(config) if options.action == "show" else f"{options.config}: valid")
    return 0


def _run(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pipeline.progress import Progress, noise_to
    from pipeline.summary import render
    from pipeline.workdir import LOG_FILE

    started = time.monotonic()
    config = _load(options)
    work_dir = _work_dir(options, config)
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

    from pipeline.errors import InputError
    from pipeline.summary import Summary, render

    work_dir = _work_dir(options, _load(options))
    path = work_dir.path / (options.run or "latest") / "summary.json"
    if not path.exists():
        raise InputError(f"{path.parent}: no complete run; make one by: ctr run")
    summary = Summary.model_validate_json(path.read_text())
    if options.json:
        print(summary.model_dump_json(indent=2))
    else:
        render(summary, Console(), all_slices=True)
    return 0


def _load(options: argparse.Namespace) -> Config:
    from pipeline.config import load_config

    return load_config(options.config, options.overrides, options.data)


def _work_dir(options: argparse.Namespace, config: Config) -> WorkDir:
    from pipeline.workdir import WorkDir

    return WorkDir(options.work_dir or Path("runs") / config.name)


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
