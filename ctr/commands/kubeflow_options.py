"""Options of the commands that ask a server of Kubeflow Pipelines."""

from __future__ import annotations

import argparse
import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ctr.commands.options import add_json, silence

if TYPE_CHECKING:
    from config.root import Config
    from kubeflow.client.connection import Connection
    from kubeflow.client.package import Package
    from kubeflow.client.runs import Inputs
    from kubeflow.client.versions import Version

    Asking = Callable[[argparse.Namespace, Connection], int]
    Compiling = Callable[[Config, Path, str | None], None]


def add_image(action: argparse._ActionsContainer) -> None:
    """Adds the container image."""
    action.add_argument("--image", metavar="IMAGE", help="overrides kubeflow.image")


def add_package(action: argparse.ArgumentParser) -> None:
    """Adds what is run: an image to compile with, or what is compiled already."""
    what = action.add_mutually_exclusive_group()
    add_image(what)
    what.add_argument(
        "--package",
        type=Path,
        metavar="FILE",
        help="output of ctr kubeflow compile; by default it is compiled anew",
    )


def add_inputs(action: argparse.ArgumentParser) -> None:
    """Adds what each run is given."""
    action.add_argument(
        "--param",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a run parameter; may be repeated",
    )
    add_places(action)


def add_places(action: argparse.ArgumentParser) -> None:
    """Adds where artifacts go, and what tasks run as."""
    action.add_argument(
        "--pipeline-root", metavar="URI", help="overrides kubeflow.pipeline_root"
    )
    action.add_argument(
        "--service-account", metavar="NAME", help="service account of the tasks"
    )


def add_connection(action: argparse.ArgumentParser, asking: Asking) -> None:
    """Adds where the server is and who asks, `--json`, and what is done there."""
    connection = action.add_argument_group("connection")
    connection.add_argument(
        "--host", metavar="URL", help="by default $KF_PIPELINES_ENDPOINT"
    )
    connection.add_argument(
        "--namespace", metavar="NAME", help="profile of a multi-user installation"
    )
    login = connection.add_mutually_exclusive_group()
    login.add_argument(
        "--token-file", type=Path, metavar="FILE", help="file with a bearer token"
    )
    login.add_argument(
        "--cookie-file",
        type=Path,
        metavar="FILE",
        help="file with a session cookie, NAME=VALUE",
    )
    connection.add_argument(
        "--ca", type=Path, metavar="FILE", help="certificate authorities to trust (PEM)"
    )
    add_json(action)
    action.set_defaults(command=lambda options: _ask(options, asking))


def _ask(options: argparse.Namespace, asking: Asking) -> int:
    """Runs a command, which connects once all that it needs from here is there."""
    from kubeflow.client.connection import Connection, check

    connection = Connection(
        options.host,
        options.namespace,
        options.token_file,
        options.cookie_file,
        options.ca,
    )
    check(connection)
    return asking(options, connection)


@contextlib.contextmanager
def package_of(options: argparse.Namespace, config: Config) -> Iterator[Package]:
    """The compiled pipeline, in a file until the block ends."""
    from kubeflow.client.package import Package

    if options.package is not None:
        yield Package.read(options.package)
        return
    with silence():
        from kubeflow.compile.pipeline import compile_pipeline
    with compiled(options, config, compile_pipeline) as package:
        warn(config)
        yield package


def warn(config: Config) -> None:
    """Prints warnings about configurations that probably fail on a cluster."""
    from kubeflow.compile.warnings import config_warnings

    for warning in config_warnings(config):
        print(f"warning: {warning}", file=sys.stderr)


@contextlib.contextmanager
def compiled(
    options: argparse.Namespace, config: Config, compiling: Compiling
) -> Iterator[Package]:
    """Yields a temporary file with the output of a compiler."""
    from kubeflow.client.package import Package

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pipeline.yaml"
        compiling(config, path, options.image)
        yield Package.read(path)


def parameters_of(
    options: argparse.Namespace, config: Config, package: Package
) -> dict[str, Any]:
    """Parses `--param`, and checks it against the package."""
    from kubeflow.client.parameters import read_parameters

    parameters = read_parameters(options.param, package.parameters)
    if options.package is None:
        from kubeflow.compile.parameters import check_values

        # The configuration may differ from the one that was compiled.
        check_values(config, parameters)
    return parameters


def inputs_of(
    options: argparse.Namespace, config: Config, parameters: dict[str, Any]
) -> Inputs:
    """Returns the inputs of each run."""
    from kubeflow.client.runs import Inputs

    root = options.pipeline_root or config.kubeflow.pipeline_root
    return Inputs(parameters, root, options.service_account)


def words_of(version: Version) -> str:
    """Describes the outcome of an upload."""
    how = "uploaded" if version.uploaded else "was there already"
    return f"Version {version.name} of {version.pipeline}: {how}"
