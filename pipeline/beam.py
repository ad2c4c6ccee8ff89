"""Command line of Beam's pipelines."""

from __future__ import annotations

from collections.abc import Mapping

from config.beam import Option, has_own_workers

# Of runners without workers of their own.
_DEFAULTS: Mapping[str, Option] = {
    # In full: the "DirectRunner" of recent Beam first tries to download and start
    # another runner for every pipeline.
    "runner": "apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    # In one process: with few cores the multi-process mode is slower, since examples
    # then travel between processes.
    "direct_running_mode": "in_memory",
    "direct_num_workers": 1,
    # Without the name of an image, TFX packs itself into a source distribution for the
    # workers of every pipeline, which takes seconds. There are none.
    "sdk_container_image": "none",
}


def beam_args(options: Mapping[str, Option]) -> list[str]:
    """Returns the options of the configuration, and the defaults, as Beam's flags."""
    defaults = {} if has_own_workers(options) else _DEFAULTS
    return [
        # Beam's switches take no value.
        f"--{key}" if value is True else f"--{key}={value}"
        for key, value in {**defaults, **options}.items()
        if value is not False
    ]
