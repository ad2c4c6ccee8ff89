"""Throughput of the embedded server beside the plainest server of the same model.

The plainest is `naive_server.py`: what one writes in an afternoon. Both serve the same
model, and are asked in turn, round after round, so that what else the machine does hits
them alike; the figures are medians, those of ratios over the ratios of a round. Of the
models, one is light, so that the server is measured; the other, after `make demo`, is
the demo's, of which every answer takes some 160 operations of TensorFlow in either
server.

    python -m benchmarks.serving.compare
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple, get_args

from benchmarks import command_line
from benchmarks.serving.subjects import Subject, demo, light
from config.serving import Serving
from serving.client import Client
from serving.client.features import Signature
from serving.load_test import Load, Senders
from serving.local_server import LocalServer

_START_SECONDS = 120.0


class Round(NamedTuple):
    """Requests answered in a second.

    Attributes:
      naive: By the plainest server.
      embedded: By the embedded server.
    """

    naive: float
    embedded: float

    @property
    def ratio(self) -> float:
        """Ratio of the embedded server's rate to the plainest server's."""
        return self.embedded / self.naive


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the benchmark."""
    options = _parser().parse_args(arguments)
    rounds: dict[str, list[Round]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for subject in filter(None, (light(Path(folder) / "light"), demo())):
            rounds |= _compare(subject, Path(folder), options)
    command_line.show(
        "Requests answered in a second",
        (
            "model, signature, rows of a request",
            *("plainest server", "embedded server", "ratio", "of the rounds"),
        ),
        _rows(rounds),
    )
    plain = {key: [each._asdict() for each in some] for key, some in rounds.items()}
    command_line.write(options.out, plain)


def _parser() -> argparse.ArgumentParser:
    options = command_line.parser(__doc__)
    options.add_argument("--batch-size", type=int, nargs="+", default=[1, 100])
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--seconds", type=float, default=3.0, help="of a measurement")
    options.add_argument("--concurrency", type=int, default=4, help="of requests")
    options.add_argument("--senders", type=int, default=1, help="processes that send")
    return options


def _compare(
    subject: Subject, folder: Path, options: argparse.Namespace
) -> dict[str, list[Round]]:
    rounds: dict[str, list[Round]] = {}
    with ExitStack() as stack:
        naive = stack.enter_context(_naive_server(subject.version))
        embedded = stack.enter_context(
            LocalServer(Serving(), subject.name, subject.base_path, folder)
        )
        embedded.wait_until_available(_START_SECONDS)
        client = stack.enter_context(Client(embedded.address, subject.name))
        to_naive = stack.enter_context(Senders(naive, options.senders))
        to_embedded = stack.enter_context(Senders(embedded.address, options.senders))
        for signature in get_args(Signature):
            for size in options.batch_size:
                requests = subject.requests(client, signature, size)
                load = Load(requests, options.seconds, options.concurrency)
                # The first round warms up.
                pairs = [
                    Round(to_naive.send(load).rate, to_embedded.send(load).rate)
                    for _ in range(options.rounds + 1)
                ]
                rounds[f"{subject.name}, {signature}, {size}"] = pairs[1:]
    return rounds


@contextmanager
def _naive_server(version: Path) -> Iterator[str]:
    """The address of the plainest server."""
    command = [sys.executable, "-m", "benchmarks.serving.naive_server", str(version)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
        process.kill()


def _rows(rounds: dict[str, list[Round]]) -> Iterator[tuple[str, ...]]:
    for key, some in rounds.items():
        ratios = [each.ratio for each in some]
        yield (
            key,
            f"{median(each.naive for each in some):,.0f}",
            f"{median(each.embedded for each in some):,.0f}",
            f"{median(ratios):.2f}",
            f"{min(ratios):.2f}-{max(ratios):.2f}",
        )


if __name__ == "__main__":
    main()
