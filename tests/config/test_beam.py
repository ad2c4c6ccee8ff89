"""The runner of Beam: what Beam takes is taken, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest

from config.beam import RUNNERS, has_own_workers
from config.root import Config
from pipeline.beam import beam_args


@pytest.mark.parametrize(
    "runner",
    [
        *RUNNERS,
        "flinkrunner",
        "FLINK",
        "direct",
        "apache_beam.runners.portability.fn_api_runner.FnApiRunner",
        "company.beam.OurRunner",
    ],
)
def test_what_beam_takes(load: Callable[..., Config], runner: str):
    assert load(f"beam.runner={runner}").beam == {"runner": runner}


@pytest.mark.parametrize("runner", ["FlinkRuner", "runner", "3", "true", "''"])
def test_what_it_does_not_take(message: Callable[..., str], runner: str):
    line = message(f"beam.runner={runner}")
    assert line.startswith("beam.runner: got ")
    assert "; allowed: DirectRunner, FlinkRunner, " in line
    assert "package.module.Class" in line


def test_runners_are_those_of_beam():
    from apache_beam.options.pipeline_options import StandardOptions

    assert set(StandardOptions.KNOWN_RUNNER_NAMES) <= set(RUNNERS)


@pytest.mark.parametrize("runner", RUNNERS)
def test_beam_finds_each_by_its_short_name(runner: str):
    from apache_beam.runners.runner import PipelineRunner, create_runner

    try:
        made = create_runner(runner.lower().removesuffix("runner"))
    except ImportError:
        pytest.skip("needs a package that is not among the locked ones")
    assert isinstance(made, PipelineRunner)


@pytest.mark.parametrize(
    ("runner", "expected"),
    [
        ("FlinkRunner", True),
        ("spark", True),
        ("DATAFLOW", True),
        ("portable", True),
        ("apache_beam.runners.portability.flink_runner.FlinkRunner", True),
        ("DirectRunner", False),
        ("apache_beam.runners.portability.fn_api_runner.FnApiRunner", False),
    ],
)
def test_which_have_workers_of_their_own(runner: str, expected: bool):
    assert has_own_workers({"runner": runner}) == expected
    assert not has_own_workers({})


def test_a_runner_is_checked_without_beam():
    code = (
        "import sys; from config.root import Config; "
        "print({'apache_beam', 'tensorflow', 'tfx'} & set(sys.modules))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.stdout == "set()\n"


def test_beam_takes_its_options():
    from apache_beam.options.pipeline_options import PipelineOptions

    flink = {"runner": "FlinkRunner", "parallelism": 16, "flink_submit_uber_jar": True}
    args = beam_args({**flink, "save_main_session": False})

    read = PipelineOptions(args).get_all_options(drop_default=True)
    assert {key: read[key] for key in flink} == flink
    assert "save_main_session" not in read
