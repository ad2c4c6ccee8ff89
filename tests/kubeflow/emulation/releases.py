"""Releases of Kubeflow Pipelines, and what differs between them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Release:
    """Differences between the releases of the driver.

    Attributes:
      name: The release.
      numbered_logs: Whether the launcher adds the number of the attempt to the URI of
        the output for the log (2.16.1 component/launcher_v2.go:500-590), whose name
        stays the same (2.17.0 driver/driver.go:761).
      named_outputs: Whether an output artifact has its key as its name (2.17.0
        driver/driver.go:783; inputs have their id).
      schedule_time: The value of the placeholder for the time a run is due; None
        leaves the placeholder (driver/main.go:337-357).
      metadata_in_folder: Whether output_metadata.json is in the folder of the task
        (2.15.0 driver.go:718-723).
    """

    name: str
    numbered_logs: bool
    named_outputs: bool
    schedule_time: str | None
    metadata_in_folder: bool


RELEASES = (
    Release(
        "2.5.0",
        numbered_logs=False,
        named_outputs=False,
        schedule_time=None,
        metadata_in_folder=False,
    ),
    Release(
        "2.17.0",
        numbered_logs=True,
        named_outputs=True,
        schedule_time="2026-11-21T03:00:00Z",
        metadata_in_folder=True,
    ),
)
NEWEST = RELEASES[-1]
