"""Tasks that were killed are started again; the exit handler runs in any case."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest
from emulation.backend import Backend
from emulation.launcher import Launcher, TaskFailedError
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from pipeline.metadata import connection_to
from tests import webhooks

STATES = metadata_store_pb2.Execution
SECONDS = 120


@pytest.fixture
def metadata(tmp_path):
    return f"sqlite://{tmp_path}/metadata.sqlite"


def states(url):
    """States of all executions, in order."""
    store = metadata_store.MetadataStore(connection_to(url))
    found = sorted(store.get_executions(), key=lambda each: each.id)
    return [STATES.State.Name(each.last_known_state) for each in found]


def kill_at_work(url: str, pod: Path) -> None:
    """Kills the processes of a pod, once its component has started."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        if "RUNNING" in states(url):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    if (process / "cwd").resolve() == pod.resolve():
                        os.kill(int(process.name), signal.SIGKILL)
                except OSError:
                    continue  # It has ended meanwhile.
            return
        time.sleep(0.01)


def killed_once(url):
    """A launcher whose first task is killed while its component works."""
    left = [True]

    class KilledOnce(Launcher):
        def start(self, *arguments):
            if left:
                left.clear()
                threading.Thread(target=kill_at_work, args=(url, self.pod)).start()
            return super().start(*arguments)

    return KilledOnce


def lost_once():
    """A launcher that loses the outputs of the first task, which has recorded them."""
    left = [True]

    class LostOnce(Launcher):
        def start(self, *arguments):
            done = super().start(*arguments)
            if left:
                left.clear()
                done.returncode = 137
            return done

    return LostOnce


def examples_of(backend, run):
    """Files of the training examples in the object store."""
    examples = backend.artifacts.get(run.outputs["ExampleGen"].artifacts["examples"])
    return list(backend.objects.path(examples.uri).glob("Split-train/*.gz"))


def test_a_task_that_was_killed_at_work_is_started_again(cluster, metadata, tmp_path):
    package = cluster.compile(metadata=metadata, retries=1)
    backend = Backend(tmp_path, launcher=killed_once(metadata))
    run = backend.run(package, only="StatisticsGen")

    # Whichever was at work when it was seen to be.
    assert sorted(run.attempts.values()) == [1, 2]
    assert states(metadata)[-2:] == ["COMPLETE", "COMPLETE"]
    assert len(examples_of(backend, run)) == 3


def test_outputs_that_were_lost_are_made_again(cluster, metadata, tmp_path):
    package = cluster.compile(metadata=metadata, retries=1)
    backend = Backend(tmp_path, launcher=lost_once())
    run = backend.run(package, only="StatisticsGen")

    assert run.attempts == {"ExampleGen": 2, "StatisticsGen": 1}
    assert len(examples_of(backend, run)) == 3
    # What was lost is no input of a later run either.
    store = metadata_store.MetadataStore(connection_to(metadata))
    uris = [each.uri for each in store.get_artifacts_by_type("Examples")]
    assert len(uris) == 2
    assert [each.state for each in store.get_artifacts_by_type("Examples")] == [
        metadata_store_pb2.Artifact.DELETED,
        metadata_store_pb2.Artifact.LIVE,
    ]


def test_a_failure_is_posted_by_the_exit_handler(cluster, metadata, tmp_path, load):
    with webhooks.serve() as server:
        package = cluster.compile(
            metadata=metadata, notify=[{"webhook": server.url}], retries=0
        )
        with pytest.raises(TaskFailedError, match="no such folder"):
            Backend(tmp_path).run(package, {"data": "no such folder"})
    ((_, body),) = server.posted
    posted = json.loads(body)

    assert posted["event"] == "failed"
    (reason,) = posted["reasons"]
    assert "ExampleGen" in reason
