"""Runs that are stopped half-way, or that meet another."""

from __future__ import annotations

import signal
import subprocess

import pytest


@pytest.fixture
def start(problem):
    """Starts a run and waits until it says something."""
    processes = []

    def start(words):
        process = subprocess.Popen(
            problem.command(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Tests may run where Ctrl-C is ignored, such as in the background.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        processes.append(process)
        for line in process.stdout:
            if words in line:
                return process
        return pytest.fail(f"ended before {words!r}: {process.stderr.read()}")

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def test_the_next_run_goes_on_after_kill_and_ctrl_c(problem, start):
    killed = start("Trainer: epoch 1/2")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert problem.versions() == []

    interrupted = start("Trainer: epoch 1/2")
    interrupted.send_signal(signal.SIGINT)
    _, error = interrupted.communicate()
    assert interrupted.returncode == 130, error
    assert error == "interrupted; run the same command to go on\n"
    assert problem.versions() == []

    result = problem.run()
    assert result.returncode == 0, result.stdout + result.stderr
    summary = problem.summary()
    hits = {c["id"]: c["cached"] for c in summary["components"]}
    assert hits["Transform"], "what was done before is not done again"
    assert not hits["Trainer"]
    assert problem.versions() == [str(summary["model_version"])]


def test_a_second_run_of_the_same_work_directory_refuses(problem, start):
    first = start("ExampleGen ...")
    second = problem.run()
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "another run is using this work directory" in second.stderr
    first.send_signal(signal.SIGINT)
    first.communicate()
    assert first.returncode == 130
