"""Beam's pipeline options."""

from __future__ import annotations

from collections.abc import Mapping

Option = str | int | float | bool

# Beam's own names: `StandardOptions.KNOWN_RUNNER_NAMES`, which takes long to import.
RUNNERS = (
    "DirectRunner",
    "FlinkRunner",
    "SparkRunner",
    "DataflowRunner",
    "PortableRunner",
    "PrismRunner",
    "FnApiRunner",
    "BundleBasedDirectRunner",
    "SwitchingDirectRunner",
    "InteractiveRunner",
    "TestDirectRunner",
    "TestDataflowRunner",
)
_WITH_OWN_WORKERS = (
    "FlinkRunner",
    "SparkRunner",
    "DataflowRunner",
    "PortableRunner",
    "TestDataflowRunner",
)


# What options there are otherwise.
_DEFAULTS: Mapping[str, Option] = {
    # By name: the "DirectRunner" of recent Beam first tries to download and start
    # another runner for every pipeline.
    "runner": "apache_beam.runners.portability.fn_api_runner.FnApiRunner",
    # In one process: with few cores the multi-process mode is slower, since examples
    # then travel between processes.
    "direct_running_mode": "in_memory",
    "direct_num_workers": 1,
}


def beam_args(options: Mapping[str, Option]) -> list[str]:
    """The command line of Beam's pipelines."""
    return [
        # Beam's switches take no value.
        f"--{key}" if value is True else f"--{key}={value}"
        for key, value in {**_DEFAULTS, **options}.items()
        if value is not False
    ]


def check_runner(options: Mapping[str, Option]) -> None:
    """Checks the runner: Beam would refuse it only in the first component.

    Raises:
      ValueError: Beam has none of that name.
    """
    name = options.get("runner")
    if name is None or (isinstance(name, str) and "." in name):
        return
    if _runner(str(name)) is None:
        raise ValueError(
            f"beam.runner: got {name!r}; allowed: {', '.join(RUNNERS)}, in any case "
            "and without 'Runner' too, or a class in full: package.module.Class"
        )


def has_own_workers(options: Mapping[str, Option]) -> bool:
    """Whether work over examples leaves the process for workers elsewhere."""
    return _runner(str(options.get("runner", ""))) in _WITH_OWN_WORKERS


def _runner(name: str) -> str | None:
    """The runner of Beam's that is named: in any case, without `Runner`, in full."""
    short = name.rpartition(".")[-1].lower()
    for runner in RUNNERS:
        if runner.lower() in (short, f"{short}runner"):
            return runner
    return None
