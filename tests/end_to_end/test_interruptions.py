"""Runs that are stopped half-way."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest


@pytest.fixture
def start(problem):
    """Starts a run and waits until it trains."""
    processes = []

    def start():
        process = subprocess.Popen(
            [sys.executable, "-m", "ctr.cli", *problem.command()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Tests may run where Ctrl-C is ignored, such as in the background.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        processes.append(process)
        for line in process.stdout:
            if "Trainer: epoch 1/2" in line:
                return process
        return pytest.fail(f"ended too early: {process.stderr.read()}")

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_the_next_run_goes_on_after_kill_and_ctrl_c(problem, start, ctr):
    killed = start()
    # Meanwhile, the work directory is in use.
    refused = ctr(*problem.command(), status=1)
    assert refused.error.startswith(f"error: {problem.work_dir}: ")
    assert refused.error.count("\n") == 1
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert problem.versions() == []

    interrupted = start()
    interrupted.send_signal(signal.SIGINT)
    _, error = interrupted.communicate()
    assert interrupted.returncode == 130, error
    assert error.startswith("interrupted")
    assert error.count("\n") == 1
    assert problem.versions() == []

    ctr(*problem.command())
    summary = problem.summary()
    hits = {each["id"]: each["cached"] for each in summary["components"]}
    assert hits["Transform"]
    assert not hits["Trainer"]
    assert problem.versions() == [str(summary["model_version"])]
