"""Runs one node of the DAG in a container of Kubeflow Pipelines.

TFX's own entrypoint for Kubeflow calls an executor with what the backend hands over.
This one runs the node by TFX's launcher, as `ctr run` does, so everything around the
executor is there as well: the driver that looks at files, resolvers, ML Metadata.
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
from config.root import Config
from kubeflow.bundle import Bundle
from kubeflow.task.node import KubeflowTask

# The same path in each task: it is among the parameters of SchemaGen.
_FILES = Path("/tmp/ctr")

_FAILED = 1

Work = Callable[[Config, pipeline_spec_pb2.ExecutorInput], None]


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a node.

    Args:
      arguments: Command line; by default that of the process.

    Returns:
      The exit status, as of `ctr run`.
    """
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
    """The command line that all containers have: see `adapt.say_command`."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--bundle", required=True, help="the configuration, as JSON")
    parser.add_argument(
        "--executor_input", required=True, help="what the backend hands over, as JSON"
    )
    return parser


def run_container(work: Work, options: argparse.Namespace) -> int:
    """Does the work of a container; returns its exit status."""
    executor_input = pipeline_spec_pb2.ExecutorInput()
    # Later backends may say more than this one knew of.
    json_format.Parse(
        options.executor_input, executor_input, ignore_unknown_fields=True
    )
    config = Bundle.model_validate_json(options.bundle).unpack(_FILES)
    try:
        work(config, executor_input)
    except Exception as error:
        return _explain(error)
    return 0


def _explain(error: Exception) -> int:
    """Writes one line about an error into the log of the task, at its end."""
    user_error = find_user_error(error)
    if user_error is None:
        traceback.print_exception(error)
        return _FAILED
    print(f"error: {user_error}", file=sys.stderr)
    return user_error.exit_status


if __name__ == "__main__":
    sys.exit(main())
