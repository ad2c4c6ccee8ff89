"""Does the embedded server keep its size under load?

Sends requests of both signatures, in batches of 1 to 1000 rows and in turns, and prints
after each minute how much memory the server holds: of the demo's model after `make
demo`, and before that of a light one.

    python -m benchmarks.serving.soak --minutes 30
"""

from __future__ import annotations

import argparse
import re
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

from benchmarks.serving.subjects import Subject, demo, light
from config.serving import Serving
from serving.client import Client
from serving.client.features import Signature
from serving.load_test import Answers, Load, Senders
from serving.local_server import LocalServer

_START_SECONDS = 120.0
_BATCH_SIZES = (1, 10, 100, 1000)
_OF_EACH = 20
_MINUTE = 60.0


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the benchmark."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=int, default=30)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        subject = demo() or light(Path(folder) / "light")
        _soak(subject, Path(folder), options.minutes)


def _soak(subject: Subject, folder: Path, minutes: int) -> None:
    name = subject.name
    with LocalServer(Serving(), name, subject.base_path, folder) as server:
        server.wait_until_available(_START_SECONDS)
        with Client(server.address, name) as client:
            requests = _requests(subject, client)
        print("minute  requests  failed  resident MB", flush=True)
        with Senders(server.address, 1) as senders:
            for minute in range(1, minutes + 1):
                parts = _send(senders, requests)
                count = sum(map(len, parts))
                failed = sum(sum(part.failed.values()) for part in parts)
                resident = resident_bytes(server.pid) / 1e6
                print(
                    f"{minute:6}  {count:8}  {failed:6}  {resident:11.1f}", flush=True
                )


def resident_bytes(pid: int) -> int:
    """Resident memory of a process, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None, "the process has ended"
    return int(found[1]) * 1024


def _requests(subject: Subject, client: Client) -> list[bytes]:
    """Some of each kind, mixed."""
    kinds = [
        subject.requests(client, signature, size)[:_OF_EACH]
        for signature in get_args(Signature)
        for size in _BATCH_SIZES
    ]
    return [request for some in zip(*kinds, strict=False) for request in some]


def _send(senders: Senders, requests: Sequence[bytes]) -> list[Answers]:
    end = time.monotonic() + _MINUTE
    parts = []
    while (left := end - time.monotonic()) > 1:
        parts.append(senders.send(Load(requests, min(left, 20.0), concurrency=4)))
    return parts


if __name__ == "__main__":
    main()
