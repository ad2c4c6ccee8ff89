"""What clients notice of a new version."""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import RunError
from serving.client import Client
from serving.load_test.answers import Answers
from serving.load_test.loops import Load, sleep_until
from serving.load_test.senders import Senders
from serving.releases.versions import list_versions

# From one swap to the next, and how long after the beginning the new version appears.
_SWAP_SECONDS = 20.0
_CALM_SECONDS = 6.0
# For which the old version may still be unloading once the new one answers.
_AFTER_SECONDS = 1.0
_LOOK_SECONDS = 0.02


@dataclass(frozen=True)
class Swapped:
    """What was measured while versions came and went.

    Attributes:
      swaps: How many new versions there were.
      rate: Requests sent in a second.
      requests: How many while a version was swapped.
      failed: How many requests failed, in all, by status.
      steady_p999: 99.9th percentile of the latency between swaps, in milliseconds.
      swap_p999: The same, while a version was swapped.
      swap_worst: The longest, while a version was swapped.
    """

    swaps: int
    rate: float
    requests: int
    failed: dict[str, int]
    steady_p999: float
    swap_p999: float
    swap_worst: float


def measure_swaps(
    senders: Senders,
    client: Client,
    base_path: Path,
    requests: Sequence[bytes],
    rate: float,
    swaps: int,
) -> Swapped:
    """Has requests sent while copies of the latest version appear, one by one.

    Args:
      senders: Who sends.
      client: A client of the same server.
      base_path: Directory of the versions that it serves.
      requests: The requests.
      rate: How many are sent in a second.
      swaps: How many copies appear.

    Raises:
      RunError: A copy is not served before the next is due.
    """
    first = list_versions(str(base_path))[-1]
    begin = time.monotonic()
    under_way = senders.start(Load(requests, swaps * _SWAP_SECONDS, rate=rate))
    windows = []
    for number in range(swaps):
        start = begin + number * _SWAP_SECONDS
        sleep_until(start + _CALM_SECONDS)
        window = _swap(client, base_path, first + number + 1)
        if window[1] > start + _SWAP_SECONDS:
            raise RunError(
                f"a swap took {window[1] - window[0]:.1f} s; the measurement allows "
                f"{_SWAP_SECONDS - _CALM_SECONDS:g}: use a faster machine or a smaller "
                "model, or --swaps 0"
            )
        windows.append(window)
    answers = Answers.joined([each.result() for each in under_way])
    swapped = Answers.joined([answers.between(*window) for window in windows])
    steady = _outside(answers, windows)
    return Swapped(
        swaps,
        rate,
        len(swapped),
        answers.failed,
        steady.milliseconds(99.9),
        swapped.milliseconds(99.9),
        swapped.milliseconds(100),
    )


def _swap(client: Client, base_path: Path, version: int) -> tuple[float, float]:
    """Adds a version; returns when it appeared, and when the swap was over."""
    aside = base_path / f".{version}"
    shutil.copytree(base_path / str(version - 1), aside)
    appeared = time.monotonic()
    aside.rename(base_path / str(version))
    while client.wait_until_available(_SWAP_SECONDS) != version:
        time.sleep(_LOOK_SECONDS)
        if time.monotonic() > appeared + _SWAP_SECONDS:
            break
    time.sleep(_AFTER_SECONDS)
    return appeared, time.monotonic()


def _outside(answers: Answers, windows: Sequence[tuple[float, float]]) -> Answers:
    ends = [float("-inf"), *(end for _, end in windows)]
    starts = [*(start for start, _ in windows), float("inf")]
    return Answers.joined(
        [answers.between(*gap) for gap in zip(ends, starts, strict=True)]
    )
