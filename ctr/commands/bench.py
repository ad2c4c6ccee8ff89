"""`ctr bench`: the rates and latencies of a model server."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, get_args

from config.errors import InputError
from ctr.commands.options import (
    Command,
    Commands,
    add_config_options,
    add_json,
    layout_of,
    load,
    work_dir_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.table import Table

    from config.root import Config
    from pipeline.progress import Progress
    from serving.load_test.figures import Figures

_BATCH_SIZES = (1, 10, 100, 1000)
_LOAD_SECONDS = 120.0


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser("bench", help="measure what is built")
    subjects = command.add_subparsers(
        dest="subject", required=True, metavar="SUBJECT", parser_class=Command
    )
    serving = subjects.add_parser(
        "serving",
        help="measure throughput and latency of a model server",
        description="Starts the server that `ctr serve` would start, on the latest "
        "released version, and sends it the rows of a file.",
    )
    add_config_options(serving)
    serving.add_argument(
        "--input",
        type=Path,
        required=True,
        metavar="FILE",
        help="rows to send, as for `ctr predict`",
    )
    serving.add_argument(
        "--batch-size",
        type=int,
        nargs="+",
        default=_BATCH_SIZES,
        metavar="N",
        help=f"rows of a request; by default {' '.join(map(str, _BATCH_SIZES))}",
    )
    serving.add_argument(
        "--seconds",
        type=float,
        default=5.0,
        metavar="S",
        help="duration of each measurement; by default 5",
    )
    serving.add_argument(
        "--senders",
        type=int,
        default=1,
        metavar="N",
        help="processes that send; by default 1",
    )
    add_json(serving)
    serving.set_defaults(command=_serving)


def _serving(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pipeline.progress import Progress
    from serving.releases.versions import list_versions

    for name, count in (
        ("batch size", min(options.batch_size)),
        ("senders", options.senders),
    ):
        if count < 1:
            raise InputError(f"{name}: got {count}; allowed: 1 or more")
    if not options.seconds > 0:
        raise InputError(f"seconds: got {options.seconds:g}; allowed: more than 0")
    config = load(options)
    released = work_dir_of(options, config).model_dir(config)
    versions = list_versions(released)
    if not versions:
        raise InputError(f"{released}: nothing is released; run the pipeline first")
    with Progress(Console(stderr=True)).live() as progress:
        server, figures = _measure(options, config, versions[-1], progress)
    if options.json:
        told = [asdict(each) for each in figures]
        result = {"server": server, "version": versions[-1], "figures": told}
        print(json.dumps(result, indent=2))
    else:
        Console().print(f"{server}, version {versions[-1]} of {released}")
        Console().print(figures_table(figures))
    return 0


def _measure(
    options: argparse.Namespace, config: Config, version: int, progress: Progress
) -> tuple[str, list[Figures]]:
    """Returns the name of the server, and the figures of each kind of requests."""
    from serving.client import Client, Target
    from serving.client.features import Signature
    from serving.load_test import Senders
    from serving.load_test.figures import measure, predict_requests, read_sample
    from serving.local_server import LocalServer, stage_version
    from serving.releases.versions import version_path

    # As configured, without the settings that would disturb the measurement.
    serving = config.serving.model_copy(update={"versions": 1, "request_log": None})
    with tempfile.TemporaryDirectory(prefix="ctr-bench-") as folder:
        models = Path(folder) / "models"
        released = version_path(work_dir_of(options, config).model_dir(config), version)
        stage_version(released, models / str(version))
        with (
            LocalServer(serving, config.name, models, Path(folder)) as server,
            Client(server.address, config.name) as client,
        ):
            with _step(progress, f"Starting {server.name}"):
                server.wait_until_available(_LOAD_SECONDS)
            features = client.features()
            rows = read_sample(options.input, features, layout_of(config))
            figures = []
            with Senders(server.address, options.senders) as senders:
                for signature in get_args(Signature):
                    for size in options.batch_size:
                        target = Target(config.name)
                        some = predict_requests(rows, features, target, signature, size)
                        with _step(progress, f"{signature}, batch size {size}"):
                            figures.append(
                                measure(senders, signature, size, some, options.seconds)
                            )
    return server.name, figures


def figures_table(figures: Sequence[Figures]) -> Table:
    """Returns a table of rates, and of latencies at half the highest rate."""
    from rich.table import Table

    table = Table(
        title="Highest rate (closed loop), and latency in ms at half of it (open loop)",
        title_justify="left",
        # So that no figure is cut off at 80 columns.
        box=None,
        pad_edge=False,
    )
    for name in ("signature", "rows"):
        table.add_column(name, no_wrap=True)
    for name in ("requests/s", "rows/s", "p50", "p90", "p99", "p99.9"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("failed", justify="right", overflow="fold")
    for each in figures:
        failed = ", ".join(f"{count} {code}" for code, count in each.failed.items())
        table.add_row(
            each.signature,
            str(each.batch_size),
            f"{each.max_rate:,.0f}",
            f"{each.max_rate * each.batch_size:,.0f}",
            *map(_rounded, (each.p50, each.p90, each.p99, each.p999)),
            failed or "0",
        )
    return table


def _rounded(milliseconds: float) -> str:
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.2f}"


@contextmanager
def _step(progress: Progress, name: str) -> Iterator[None]:
    progress.start(name)
    started = time.monotonic()
    yield
    progress.end(time.monotonic() - started, cached=False)
