"""A Flink cluster on loopback, of nothing but Beam's Flink job server.

The job server's jar holds Flink itself, since it can run pipelines alone.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.ports import bind, port_of

# The path of the jar; scripts/test_flink.sh sets it.
JAR = "FLINK_JOB_SERVER_JAR"

_ENTRY = "org.apache.flink.runtime"
_JOB_MANAGER = f"{_ENTRY}.entrypoint.StandaloneSessionClusterEntrypoint"
_TASK_MANAGER = f"{_ENTRY}.taskexecutor.TaskManagerRunner"
# All of a task manager's memory, as its own start script would set it.
_MEMORY = {
    "task.heap": "512m",
    "task.off-heap": "0m",
    "framework.heap": "128m",
    "framework.off-heap": "128m",
    "managed": "256m",
    "jvm-metaspace": "256m",
}
_NETWORK = "512m"
_START_SECONDS = 120


def find_jar() -> str:
    """Returns the path of the job server, or skips the test."""
    if shutil.which("java") is None:
        pytest.skip("there is no java")
    if JAR not in os.environ:
        pytest.skip(f"{JAR} names no job server; make test-flink fetches one")
    return os.environ[JAR]


class Cluster:
    """A job manager and its task managers.

    Attributes:
      address: `HOST:PORT` of the REST interface.
      task_managers: Their processes.
      pool: `HOST:PORT` of the pool of Python workers.
    """

    def __init__(
        self, address: str, task_managers: list[subprocess.Popen[bytes]], pool: str
    ):
        self.address = address
        self.task_managers = task_managers
        self.pool = pool

    def has_running_tasks(self) -> bool:
        """Returns True while tasks of a job run."""
        return any(
            job["tasks"]["running"] for job in self._get("jobs/overview")["jobs"]
        )

    def slots(self) -> int:
        """Slots of the task managers that are registered."""
        slots: int = self._get("overview")["slots-total"]
        return slots

    def _get(self, path: str) -> dict[str, Any]:
        with urllib.request.urlopen(f"http://{self.address}/{path}") as answer:
            read: dict[str, Any] = json.load(answer)
            return read


@contextmanager
def cluster(folder: Path, settings: Mapping[str, Any]) -> Iterator[Cluster]:
    """Starts a cluster of two task managers, and a pool of workers beside it.

    Args:
      folder: An empty folder for configuration and logs.
      settings: Flink's settings beside those of its memory.
    """
    jar = find_jar()
    with ExitStack() as stack:
        rest, rpc, pool = (
            port_of(stack.enter_context(bind("127.0.0.1"))) for _ in range(3)
        )
        flink = {
            "jobmanager.rpc.address": "127.0.0.1",
            "jobmanager.rpc.port": rpc,
            "rest.address": "127.0.0.1",
            "rest.port": rest,
            "taskmanager.host": "127.0.0.1",
            "taskmanager.cpu.cores": 1.0,
            "taskmanager.memory.network.min": _NETWORK,
            "taskmanager.memory.network.max": _NETWORK,
            "taskmanager.memory.jvm-overhead.min": "192m",
            "taskmanager.memory.jvm-overhead.max": "192m",
            **{f"taskmanager.memory.{name}.size": _MEMORY[name] for name in _MEMORY},
            **settings,
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(flink))

        def start(name: str, *command: str) -> subprocess.Popen[bytes]:
            return stack.enter_context(_process(folder / f"{name}.log", command))

        def start_java(name: str, main: str) -> subprocess.Popen[bytes]:
            options = ("-Xmx768m", "-cp", jar, main, "--configDir", str(folder))
            return start(name, "java", *options)

        start(
            "pool",
            *(sys.executable, "-m", "apache_beam.runners.worker.worker_pool_main"),
            f"--service_port={pool}",
        )
        start_java("job_manager", _JOB_MANAGER)
        managers = [start_java(f"task_manager_{n}", _TASK_MANAGER) for n in range(2)]
        flink_cluster = Cluster(f"127.0.0.1:{rest}", managers, f"127.0.0.1:{pool}")
        slots = 2 * settings["taskmanager.numberOfTaskSlots"]
        wait_until(lambda: flink_cluster.slots() == slots, _START_SECONDS)
        yield flink_cluster


@contextmanager
def _process(log: Path, command: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
    # The pool starts `python`, which has to be this one.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, "PATH": path}
        )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def wait_until(holds: Callable[[], bool], seconds: float) -> None:
    """Waits until something holds; a server that does not answer yet does not."""
    end = time.monotonic() + seconds
    while True:
        try:
            if holds():
                return
        except OSError:
            pass
        assert time.monotonic() < end, "still waiting"
        time.sleep(0.2)
