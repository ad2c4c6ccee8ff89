"""Entrypoint of the container that runs one node of the DAG.

TFX's own entrypoint for Kubeflow only calls an executor. This one runs the node with
TFX's launcher, as `ctr run` does, so that drivers, resolvers and ML Metadata work too.
"""

from __future__ import annotations

import argparse
import logging
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

from config.errors import find_user_error
from config.garbage import collect_rarely
from config.root import Config
from kubeflow.bundle import Bundle

# The same path in each task, since it is a parameter of SchemaGen.
_FILES = Path("/tmp/ctr")

_FAILED = 1

Work = Callable[[Config, pipeline_spec_pb2.ExecutorInput], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a node, and returns the exit status of `ctr run`."""
    collect_rarely()
    from kubeflow.task.node import KubeflowTask

    parser = container_parser(__doc__)
    parser.add_argument("--node", required=True, help="id of the node")
    options = parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    return run_container(
        lambda config, executor_input: KubeflowTask(
            options.node, config, executor_input
        ).run(),
        options,
    )


def container_parser(description: str) -> argparse.ArgumentParser:
    """Returns a parser of the arguments that `SpecBuilder.add_task` sets."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bundle", required=True, help="the configuration, encoded")
    parser.add_argument(
        "--executor_input", required=True, help="inputs and outputs, as JSON"
    )
    return parser


def run_container(work: Work, options: argparse.Namespace) -> int:
    """Runs a container's work, and returns the exit status."""
    executor_input = pipeline_spec_pb2.ExecutorInput()
    # Later backends may add fields.
    json_format.Parse(
        options.executor_input, executor_input, ignore_unknown_fields=True
    )
    config = Bundle.decode(options.bundle).unpack(_FILES)
    try:
        work(config, executor_input)
    except Exception as error:
        return _report(error)
    return 0


def _report(error: Exception) -> int:
    """Prints a user error as one line, any other with its traceback."""
    user_error = find_user_error(error)
    if user_error is None:
        traceback.print_exception(error)
        return _FAILED
    print(f"error: {user_error}", file=sys.stderr)
    return user_error.exit_status


if __name__ == "__main__":
    sys.exit(main())
