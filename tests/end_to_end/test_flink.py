"""Runs on Flink: the results of one process, and one line where there are none."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest
import tensorflow_data_validation as tfdv

from components.shared.statistics import STATISTICS_FILE
from tests import flink
from tests.components.statistics_gen.comparison import flat

pytestmark = [pytest.mark.slow, pytest.mark.flink, pytest.mark.timeout(1800)]

# Each vocabulary makes a job of Flink longer by seconds.
CONFIG = {
    "name": "small",
    "examples": {
        "splits": {"train": "clicks/day-0[1-3].csv", "eval": "clicks/day-04.csv"},
    },
    "label": {"column": "click"},
    "features": {
        "age": {"kind": "numeric", "buckets": 5},
        "category": {"kind": "categorical"},
    },
    "model": {"kind": "wide_deep", "wide_deep": {"hidden_units": [8]}},
    "training": {"epochs": 2},
    "evaluation": {"slices": [["category"]]},
    "infra_validation": None,
}
# Either task manager has the slots of a whole job.
SETTINGS = {
    "taskmanager.numberOfTaskSlots": 2,
    # The default of 512 for each shuffle is too many for graphs as wide as TFMA's.
    "taskmanager.network.sort-shuffle.min-buffers": 32,
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": 3,
    "restart-strategy.fixed-delay.delay": "1 s",
}
# They are estimates, which depend on how the examples were divided.
ESTIMATES = ("medianBin", "histograms", "Histogram", "numStats.median")


@pytest.fixture(scope="module", autouse=True)
def _job_server():
    """Skips all tests where there is none."""
    flink.find_jar()


def on_flink(**options):
    """The options of a run on Flink."""
    beam = {"runner": "flink", "flink_job_server_jar": flink.find_jar(), **options}
    return ["--set", f"beam={json.dumps(beam)}"]


@contextmanager
def running(problem, options):
    """A run in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-m", "ctr.cli", *problem.command(*options)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(process, words):
    """Reads what a run prints, up to some words."""
    if not any(words in line for line in process.stdout):
        pytest.fail(f"ended too early: {process.stderr.read()}")


@pytest.fixture(scope="module")
def stayed(clicks, problem_of):
    """A problem that ran in one process."""
    problem = problem_of(clicks, CONFIG)
    done = problem.run()
    assert done.returncode == 0, done.stderr
    return problem


@pytest.fixture(scope="module")
def survivor(clicks, problem_of, tmp_path_factory):
    """A problem that ran on two task managers, until Transform lost one of them."""
    problem = problem_of(clicks, CONFIG)
    with flink.cluster(tmp_path_factory.mktemp("flink"), SETTINGS) as cluster:
        options = on_flink(
            flink_master=cluster.address,
            parallelism=2,
            environment_type="EXTERNAL",
            environment_config=cluster.pool,
        )
        with running(problem, options) as process:
            wait_for(process, "Transform ...")
            flink.wait_until(cluster.has_running_tasks, seconds=300)
            cluster.task_managers[0].kill()
            out, error = process.communicate()
        assert process.returncode == 0, out + error
    return problem


def artifact(problem, name):
    """The only artifact of a name."""
    (found,) = (problem.work_dir / "artifacts").glob(name)
    return found


def about(values):
    """Values by name, whose numbers stand for all that are within 1e-6 of them."""
    return {
        name: pytest.approx(value, rel=1e-6) if isinstance(value, float) else value
        for name, value in values.items()
    }


def test_metrics_are_those_of_one_process(stayed, survivor):
    here, there = stayed.summary()["metrics"], survivor.summary()["metrics"]
    assert here.keys() == there.keys()
    for name in here:
        assert there[name] == about(here[name]), name


def test_vocabularies_are_those_of_one_process(stayed, survivor):
    here, there = (
        artifact(each, "Transform/transform_graph/*/transform_fn/assets")
        for each in (stayed, survivor)
    )
    names = sorted(os.listdir(here))
    assert names
    assert sorted(os.listdir(there)) == names
    for name in names:
        assert (there / name).read_bytes() == (here / name).read_bytes()


@pytest.mark.parametrize("split", ["train", "eval"])
def test_statistics_are_those_of_one_process(stayed, survivor, split):
    name = f"StatisticsGen/statistics/*/Split-{split}/{STATISTICS_FILE}"
    here, there = (
        {
            path: value
            for path, value in flat(
                tfdv.load_stats_binary(str(artifact(each, name)))
            ).items()
            if not any(estimate in path for estimate in ESTIMATES)
        }
        for each in (stayed, survivor)
    )
    assert there == about(here)


def test_malformed_input_is_one_line(problem, tmp_path):
    shutil.copytree(problem.data, tmp_path / "data")
    problem.data = tmp_path / "data"
    file = problem.data / "clicks" / "day-02.csv"
    with file.open("a") as lines:
        lines.write('"a"b\n')

    failed = problem.run(*on_flink())

    assert failed.returncode == 2
    assert failed.stderr.startswith(f"error: {file}: line 1002: ")
    assert failed.stderr.count("\n") == 1


def job_server(process):
    """The job server that a run has started."""
    return int(subprocess.check_output(["pgrep", "-P", str(process.pid), "java"]))


def test_a_killed_job_server_is_one_line(problem):
    def runs_a_job():
        (log,) = problem.work_dir.glob("*/run.log")
        return "Job state changed to RUNNING" in log.read_text()

    with running(problem, on_flink()) as process:
        wait_for(process, "ExampleGen ...")
        flink.wait_until(runs_a_job, seconds=300)
        os.kill(job_server(process), signal.SIGKILL)
        _, error = process.communicate()
    assert process.returncode == 1
    assert error.startswith("error: ExampleGen failed: gRPC: UNAVAILABLE: ")
    assert error.count("\n") == 1
