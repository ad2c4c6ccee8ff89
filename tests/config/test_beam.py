"""The runner of Beam and its options."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.beam import RUNNERS, has_own_workers
from config.root import Config
from pipeline.beam import beam_args


@pytest.mark.parametrize(
    "runner",
    [
        *RUNNERS,
        "FLINK",
        "apache_beam.runners.portability.fn_api_runner.FnApiRunner",
        "company.beam.OurRunner",
    ],
)
def test_a_runner_that_beam_knows_is_accepted(load: Callable[..., Config], runner: str):
    assert load(f"beam.runner={runner}").beam == {"runner": runner}


def test_runners_are_those_of_beam():
    from apache_beam.options.pipeline_options import StandardOptions

    assert set(StandardOptions.KNOWN_RUNNER_NAMES) <= set(RUNNERS)


@pytest.mark.parametrize(
    ("runner", "expected"),
    [
        ("FlinkRunner", True),
        ("spark", True),
        ("DATAFLOW", True),
        ("portable", True),
        ("apache_beam.runners.portability.flink_runner.FlinkRunner", True),
        ("company.beam.OurRunner", True),
        ("DirectRunner", False),
        ("apache_beam.runners.portability.fn_api_runner.FnApiRunner", False),
    ],
)
def test_which_have_workers_of_their_own(runner: str, expected: bool):
    assert has_own_workers({"runner": runner}) == expected
    assert not has_own_workers({})


def test_beam_takes_its_options():
    from apache_beam.options.pipeline_options import PipelineOptions

    flink = {"runner": "FlinkRunner", "parallelism": 16, "flink_submit_uber_jar": True}
    args = beam_args({**flink, "save_main_session": False})

    read = PipelineOptions(args).get_all_options(drop_default=True)
    assert {key: read[key] for key in flink} == flink
    assert "save_main_session" not in read
