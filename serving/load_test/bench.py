"""Measures a model server on this machine, from start to end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from pipeline.config.serving import Serving
from pipeline.errors import InputError
from serving.client import Client, Target
from serving.client.features import Signature
from serving.client.files import Layout
from serving.load_test.measure import Figures, measure
from serving.load_test.prepare import predict_requests, read_sample
from serving.load_test.senders import Senders
from serving.load_test.swap import Swapped, measure_swaps
from serving.local import LocalServer, stage_version
from serving.releases.versions import list_versions, version_path

_LOAD_SECONDS = 120.0
# Requests of many ad servers ask about a page's worth of ads.
_SWAP_BATCH = 10
_SWAP_SHARE = 0.5

# Tells of a step by its name, as it begins and as it ends.
Step = Callable[[str], AbstractContextManager[object]]


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes:
      rows: A file of rows to ask about.
      layout: How it is to be read.
      batch_sizes: Rows of a request.
      seconds: Length of a measurement.
      senders: Processes that send.
      swaps: How many versions are swapped under load.
    """

    rows: Path
    layout: Layout
    batch_sizes: Sequence[int]
    seconds: float
    senders: int
    swaps: int

    def __post_init__(self) -> None:
        """Checks the numbers."""
        _check("batch size", min(self.batch_sizes), 1)
        _check("senders", self.senders, 1)
        _check("swaps", self.swaps, 0)
        if not self.seconds > 0:
            raise InputError(f"seconds: got {self.seconds:g}; allowed: more than 0")


@dataclass(frozen=True)
class Result:
    """What was measured.

    Attributes:
      server: Which server.
      version: Which version of the model.
      figures: Rates and latencies, for each signature and batch size.
      swapped: What clients noticed of swaps; None without any.
    """

    server: str
    version: int
    figures: list[Figures]
    swapped: Swapped | None


def bench(
    serving: Serving, model: str, base_path: str, plan: Plan, folder: Path, step: Step
) -> Result:
    """Measures a server of the latest released version.

    Args:
      serving: How it serves.
      model: Name of the model.
      base_path: Directory of its versions; it is only read.
      plan: What to measure.
      folder: An empty folder.
      step: Tells of each measurement.

    Raises:
      InputError: Nothing is released, or the rows do not fit the model.
      RunError: The server does not serve the model.
    """
    versions = list_versions(base_path)
    if not versions:
        raise InputError(f"{base_path}: nothing is released; run the pipeline first")
    version = versions[-1]
    # As it is served, but for what would come between versions.
    serving = serving.model_copy(update={"versions": 1, "request_log": None})
    copies = folder / "models"
    stage_version(version_path(base_path, version), copies / str(version))
    with (
        LocalServer(serving, model, copies, folder) as server,
        Client(server.address, model) as client,
    ):
        with step(f"Starting {server.name}"):
            server.wait_until_available(_LOAD_SECONDS)
        rows = read_sample(plan.rows, client.features(), plan.layout)

        def requests(signature: Signature, batch_size: int) -> list[bytes]:
            return predict_requests(
                rows, client.features(), Target(model), signature, batch_size
            )

        with Senders(server.address, plan.senders) as senders:

            def measured(signature: Signature, size: int) -> Figures:
                some = requests(signature, size)
                with step(f"{signature}, batch size {size}"):
                    return measure(senders, signature, size, some, plan.seconds)

            figures = [
                measured(signature, size)
                for signature in get_args(Signature)
                for size in plan.batch_sizes
            ]
            swapped = None
            if plan.swaps:
                some = requests("tensors", _SWAP_BATCH)
                rate = measured("tensors", _SWAP_BATCH).most * _SWAP_SHARE
                with step(f"Hot swaps ({plan.swaps})"):
                    swapped = measure_swaps(
                        senders, client, copies, some, rate, plan.swaps
                    )
    return Result(server.name, version, figures, swapped)


def _check(name: str, number: int, least: int) -> None:
    if number < least:
        raise InputError(f"{name}: got {number}; allowed: {least} or more")
