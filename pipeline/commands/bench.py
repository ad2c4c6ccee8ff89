"""`ctr bench`: how much a model server answers, and how fast."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.commands.options import (
    Command,
    add_config_options,
    add_json,
    layout_of,
    load,
    work_dir_of,
)

if TYPE_CHECKING:
    from pipeline.commands.options import Commands
    from pipeline.progress import Progress

_BATCH_SIZES = (1, 10, 100, 1000)


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser("bench", help="measure what is built")
    subjects = command.add_subparsers(
        dest="subject", required=True, metavar="SUBJECT", parser_class=Command
    )
    serving = subjects.add_parser(
        "serving",
        help="load on a model server: rates, latencies, and swaps of versions",
        description="Starts the server that `ctr serve` would start, on a copy of the "
        "latest released version, and sends it the rows of a file.",
    )
    add_config_options(serving)
    serving.add_argument(
        "--input",
        type=Path,
        required=True,
        metavar="FILE",
        help="rows to ask about, as for `ctr predict`",
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
        help="of each measurement; by default 5",
    )
    serving.add_argument(
        "--senders",
        type=int,
        default=1,
        metavar="N",
        help="processes that send; by default 1",
    )
    serving.add_argument(
        "--swaps",
        type=int,
        default=3,
        metavar="N",
        help="versions that are swapped under load, 20 s each; by default 3",
    )
    add_json(serving)
    serving.set_defaults(command=_serving)


def _serving(options: argparse.Namespace) -> int:
    from rich.console import Console

    from pipeline.progress import Progress
    from serving.load_test.bench import Plan, bench
    from serving.load_test.tables import figures_table, swap_in_words

    config = load(options)
    released = work_dir_of(options, config).model_dir(config)
    plan = Plan(
        options.input,
        layout_of(config),
        options.batch_size,
        options.seconds,
        options.senders,
        options.swaps,
    )
    with (
        tempfile.TemporaryDirectory(prefix="ctr-bench-") as folder,
        Progress(Console(stderr=True)).live() as progress,
    ):
        step = partial(_step, progress)
        result = bench(config.serving, config.name, released, plan, Path(folder), step)
    if options.json:
        print(json.dumps(asdict(result), indent=2))
        return 0
    console = Console()
    console.print(f"{result.server}, version {result.version} of {released}")
    console.print(figures_table(result.figures))
    if result.swapped is not None:
        console.print(swap_in_words(result.swapped))
    return 0


@contextmanager
def _step(progress: Progress, name: str) -> Iterator[None]:
    progress.start(name)
    started = time.monotonic()
    yield
    progress.end(time.monotonic() - started, cached=False)
