"""Command line of Beam's pipelines."""

from __future__ import annotations

from collections.abc import Mapping

from config.beam import Option

_DEFAULTS: Mapping[str, Option] = {
    # In full: the "DirectRunner" of recent Beam first tries to download and start
    # another runner for every pipeline.
    "runner": "apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    # In one process: with few cores the multi-process mode is slower, since examples
    # then travel between processes.
    "direct_running_mode": "in_memory",
    "direct_num_workers": 1,
}


def beam_args(options: Mapping[str, Option]) -> list[str]:
    """Returns the options of the configuration, and the defaults, as Beam's flags."""
    return [
        # Beam's switches take no value.
        f"--{key}" if value is True else f"--{key}={value}"
        for key, value in {**_DEFAULTS, **options}.items()
        if value is not False
    ]
