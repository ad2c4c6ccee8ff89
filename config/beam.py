"""Runners of Beam."""

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
    "KafkaStreamsRunner",  # of Beam 2.77
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
    "KafkaStreamsRunner",
    "TestDataflowRunner",
)


def check_runner(options: Mapping[str, Option]) -> None:
    """Raises ValueError for an unknown runner, which Beam would report much later."""
    name = options.get("runner")
    if name is None or (isinstance(name, str) and "." in name):
        return
    if _runner(str(name)) is None:
        raise ValueError(
            f"beam.runner: got {name!r}; allowed: {', '.join(RUNNERS)}, in any case "
            "and without 'Runner' too, or a class in full: package.module.Class"
        )


def has_own_workers(options: Mapping[str, Option]) -> bool:
    """Returns True for a runner that has workers outside of this process, or may."""
    runner = _runner(str(options.get("runner", "DirectRunner")))
    return runner is None or runner in _WITH_OWN_WORKERS


def _runner(name: str) -> str | None:
    """Finds the runner of a name in any case, without `Runner`, or in full."""
    short = name.rpartition(".")[-1].lower()
    for runner in RUNNERS:
        if runner.lower() in (short, f"{short}runner"):
            return runner
    return None
