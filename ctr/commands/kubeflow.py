"""`ctr kubeflow`: the same pipeline on Kubeflow Pipelines."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path

from ctr.commands import kubeflow_runs, kubeflow_schedules
from ctr.commands.kubeflow_options import add_image, warn
from ctr.commands.options import (
    Command,
    Commands,
    add_config_options,
    check_output,
    load,
    same_pipeline,
    silence,
)


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser(
        "kubeflow", help="compile, run and schedule on Kubeflow Pipelines"
    )
    actions = command.add_subparsers(
        dest="action", required=True, metavar="ACTION", parser_class=Command
    )
    _add_compile(actions)
    kubeflow_runs.add(actions)
    kubeflow_schedules.add(actions)


def _add_compile(actions: Commands) -> None:
    action = actions.add_parser("compile", help="compile the pipeline to a YAML file")
    add_config_options(action)
    add_image(action)
    action.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="FILE",
        help="the YAML file to write",
    )
    action.add_argument(
        "--release",
        action="store_true",
        help="compile the pipeline of `ctr kubeflow approve` and `reject` instead",
    )
    action.set_defaults(command=_compile)


def _compile(options: argparse.Namespace) -> int:
    config = load(options)
    check_output("--output", options.output)
    with silence():
        if options.release:
            from kubeflow.compile.decision import compile_decision as compile_package
        else:
            from kubeflow.compile.pipeline import compile_pipeline as compile_package
        compile_package(config, options.output, options.image)
    warn(config)
    print(f"{options.output}: written; {_next_step(options)}")
    return 0


def _next_step(options: argparse.Namespace) -> str:
    """Next commands for a compiled package."""
    same = shlex.join(same_pipeline(options))
    if options.release:
        return f"it is what this runs: ctr kubeflow approve RUN {same} --by NAME"
    package = shlex.quote(str(options.output))
    return f"run it with: ctr kubeflow run {same} --package {package}"
