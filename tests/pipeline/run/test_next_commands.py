"""What a person is told to type after a run."""

from __future__ import annotations

import argparse

import pytest

from ctr.commands.options import add_config_options
from ctr.commands.run import _next_commands
from pipeline.run.summary import Summary

MEASURED = {"metrics": {"overall": {"auc": 0.7}}}


@pytest.mark.parametrize(
    ("verdict", "fields", "commands"),
    [
        ("released", MEASURED, []),
        ("awaiting_approval", MEASURED, ["release approve", "release reject"]),
        ("blocked", MEASURED, ["release approve"]),
        # There is nothing to approve: no candidate, or one that is released.
        ("blocked", {}, []),
        ("blocked", {**MEASURED, "is_released_already": True}, ["release list"]),
    ],
)
def test_what_can_be_done_next(verdict, fields, commands):
    parser = argparse.ArgumentParser()
    add_config_options(parser)
    options = parser.parse_args(["-c", "pipeline.yaml"])
    summary = Summary(run_id="a", verdict=verdict, reasons=[], **fields)

    report, *lines = _next_commands(options, summary)

    assert report.startswith("ctr report -c pipeline.yaml")
    assert [" ".join(line.split()[1:3]) for line in lines] == commands
