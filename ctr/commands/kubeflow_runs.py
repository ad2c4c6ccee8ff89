"""`ctr kubeflow upload | run | approve | reject`: runs on a server."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from config.errors import GateError, KubeflowError, RunError
from ctr.commands.kubeflow_options import (
    add_connection,
    add_image,
    add_inputs,
    add_package,
    add_places,
    compiled,
    inputs_of,
    package_of,
    parameters_of,
    words_of,
)
from ctr.commands.options import (
    INTERRUPTED,
    Commands,
    add_config_options,
    add_decider,
    load,
    show,
    silence,
    work_dir_of,
)

if TYPE_CHECKING:
    from config.root import Config
    from kubeflow.client.connection import Client, Connection
    from kubeflow.client.package import Package

_STOPPED = ("blocked", "rejected")


def add(actions: Commands) -> None:
    """Adds the commands."""
    _add_upload(actions)
    _add_run(actions)
    _add_approve(actions)
    _add_reject(actions)


def _add_upload(actions: Commands) -> None:
    action = actions.add_parser(
        "upload", help="compile and upload, unless that version is there already"
    )
    add_config_options(action)
    add_package(action)
    add_connection(action, _upload)


def _add_run(actions: Commands) -> None:
    action = actions.add_parser("run", help="upload, and start a run")
    add_config_options(action)
    add_package(action)
    add_inputs(action)
    action.add_argument("--name", help="name of the run; by default pipeline and time")
    action.add_argument(
        "--wait",
        action="store_true",
        help="wait for the run; exits with the status of ctr run",
    )
    add_connection(action, _run)


def _add_approve(actions: Commands) -> None:
    action = actions.add_parser(
        "approve", help="release the candidate of a run, on the cluster"
    )
    _add_decision(action, needs_note=False)
    action.add_argument(
        "--override", action="store_true", help="as in ctr release approve"
    )
    action.add_argument(
        "--rollback", action="store_true", help="as in ctr release approve"
    )
    add_connection(action, _decide)


def _add_reject(actions: Commands) -> None:
    action = actions.add_parser(
        "reject", help="reject the candidate of a run, on the cluster"
    )
    _add_decision(action, needs_note=True)
    add_connection(action, _decide)


def _add_decision(action: argparse.ArgumentParser, *, needs_note: bool) -> None:
    action.add_argument("run", metavar="RUN", help="id of a run")
    add_config_options(action)
    add_image(action)
    add_places(action)
    add_decider(action, needs_note=needs_note)


def _upload(options: argparse.Namespace, connection: Connection) -> int:
    from kubeflow.client.connection import connect
    from kubeflow.client.versions import upload

    with package_of(options, load(options)) as package, connect(connection) as client:
        version = upload(client, package)
    show(options, asdict(version), words_of(version))
    return 0


def _run(options: argparse.Namespace, connection: Connection) -> int:
    from kubeflow.client.connection import connect

    config = load(options)
    now = datetime.now(timezone.utc)
    with package_of(options, config) as package:
        parameters = parameters_of(options, config, package)
        name = options.name or f"{package.name} {now:%Y-%m-%d %H:%M:%S}"
        with connect(connection) as client:
            started = _start(options, client, config, package, name, parameters)
            if options.wait:
                return _see_end(options, client, package, started, config)
    if options.json:
        show(options, started, "")
    return 0


def _see_end(
    options: argparse.Namespace,
    client: Client,
    package: Package,
    started: dict[str, str],
    config: Config | None = None,
) -> int:
    """Waits for a run, and says how it ended.

    Args:
      started: What `_start` returned.
      config: The pipeline whose verdict on a candidate is told, too.

    Returns:
      The exit status of ctr run.
    """
    from rich.console import Console

    from kubeflow.client.waiting import wait

    console = Console(quiet=options.json)
    try:
        run = wait(client, started["run_id"], package.tasks, console)
    except KeyboardInterrupt:
        # Not what other commands say: the same command would start another run.
        print(f"interrupted; the run goes on: {started['url']}", file=sys.stderr)
        sys.exit(INTERRUPTED)
    status, verdict = run.exit_status, None
    if config is not None and status == 0:
        verdict = _verdict(options, config, started["run_id"])
    failed, state = run.failed_tasks, run.state.lower()
    ended = {**started, "state": state, "failed_tasks": failed, "verdict": verdict}
    more = verdict or ", ".join(failed)
    show(options, ended, f"Run {state}: {more}" if more else f"Run {state}")
    return GateError.exit_status if verdict in _STOPPED else status


def _decide(options: argparse.Namespace, connection: Connection) -> int:
    """Runs the pipeline that approves or rejects, and waits for it."""
    from kubeflow.client.connection import connect

    with silence():
        from kubeflow.compile.decision import compile_decision
    decision = options.action
    more = {}
    if decision == "approve":
        more = {"override": options.override, "rollback": options.rollback}
    config = load(options)
    who = {"run": options.run, "by": options.by, "note": options.note}
    parameters = {**who, "decision": decision, **more}
    name = f"{decision} {options.run}"
    with (
        compiled(options, config, compile_decision) as package,
        connect(connection) as client,
    ):
        started = _start(options, client, config, package, name, parameters)
        return _see_end(options, client, package, started)


def _start(
    options: argparse.Namespace,
    client: Client,
    config: Config,
    package: Package,
    name: str,
    parameters: dict[str, Any],
) -> dict[str, str]:
    """Uploads and starts a run, and says where to look."""
    from kubeflow.client.runs import start
    from kubeflow.client.versions import upload

    version = upload(client, package)
    inputs = inputs_of(options, config, parameters)
    run_id = start(client, version, name, inputs)
    url = client.run_url(run_id)
    if not options.json:
        show(options, None, f"{words_of(version)}\nRun: {url}")
    return {"run_id": run_id, "name": name, "url": url}


def _verdict(options: argparse.Namespace, config: Config, run_id: str) -> str | None:
    """Returns the verdict on a run's candidate; None without ML Metadata.

    The server knows that tasks succeeded; that a gate blocked the candidate is success
    to it.

    Raises:
      KubeflowError: ML Metadata does not answer where the configuration says it is.
    """
    if config.metadata.is_local:
        return None
    from ml_metadata import errors

    from pipeline.metadata import connection_config
    from pipeline.review.records import RecordStore

    connection = connection_config(config, work_dir_of(options, config))
    try:
        records = RecordStore(connection, config.name).history().records
    except (RunError, errors.StatusError) as error:
        raise KubeflowError(
            f"the run succeeded, but ML Metadata, at `metadata` in {options.config}, "
            f"does not say whether a gate blocked its candidate ({error})"
        ) from error
    return next((each.status for each in records[::-1] if each.run == run_id), None)
