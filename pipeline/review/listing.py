"""The list of runs, with the state of each one's candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pydantic

from config.console import aligned
from serving.releases.labels import labels_of
from serving.releases.records import ReleaseHistory, ReleaseRecord, one_line

# Of the report's digest: enough to tell one from another.
_DIGITS = 8
_HEADINGS = ("run", "status", "version", "report")


class PersonDecision(pydantic.BaseModel):
    """A person's decision on a model.

    Attributes:
      what: Approved, rejected, rolled back, or restored by rolling another back.
      by: The person.
      at: The time.
      note: The reason.
      override: True if it overruled a gate, or another person.
      version: The version that it made of the model.
      report_digest: SHA-256 of the report that it was made on.
    """

    what: str
    by: str
    at: datetime
    note: str
    override: bool
    version: int | None = None
    report_digest: str | None = None


class Row(pydantic.BaseModel):
    """A run and the state of its candidate.

    Attributes:
      run: Id of the run.
      status: Released, replaced by a later release, awaiting approval, blocked,
        rejected or rolled back.
      version: The version that it was released as.
      is_newest: True for the newest version in the directory.
      labels: The labels of that version.
      report_digest: SHA-256 of its report.
      decisions: The decisions on this run.
    """

    run: str
    status: str
    version: int | None
    is_newest: bool
    labels: list[str]
    report_digest: str
    decisions: list[PersonDecision]


def rows(
    history: ReleaseHistory, newest: int | None, labels: Mapping[str, int]
) -> list[Row]:
    """Returns a row for each run that had a candidate, the latest first.

    Args:
      history: All records.
      newest: The newest version in the directory.
      labels: The version of each label.
    """
    runs: dict[str, list[ReleaseRecord]] = {}
    for record in history.records:
        runs.setdefault(record.run, []).append(record)
    found = []
    for run, records in reversed(runs.items()):
        status, version = _status(history, records[-1])
        row = Row(
            run=run,
            status=status,
            version=version or None,
            is_newest=version == newest,
            labels=labels_of(labels, version),
            report_digest=records[0].report_digest,
            decisions=[
                _decision(each, records[-1].digest) for each in history.decisions(run)
            ],
        )
        found.append(row)
    return found


def _status(history: ReleaseHistory, latest: ReleaseRecord) -> tuple[str, int]:
    """Returns the state of a run's candidate, and the version it was released as.

    A decision on a model holds in each run that has the same model.
    """
    refusal, last = history.refusal(latest.digest), history.last
    if latest.status == "blocked":
        return "blocked", 0
    if refusal is not None:
        return "rolled back" if refusal.withdraws else "rejected", latest.version
    if last is not None and last.digest == latest.digest:
        return "released", last.version
    if latest.status == "released":
        return "replaced", latest.version
    return latest.status.replace("_", " "), latest.version


def _decision(record: ReleaseRecord, digest: str) -> PersonDecision:
    told = record.model_dump(include={"by", "at", "note", "override"})
    if record.withdraws == digest:
        return PersonDecision(what="rolled back", **told)
    approved = "restored" if record.withdraws else "approved"
    return PersonDecision(
        what=approved if record.status == "released" else record.status,
        version=record.version or None,
        report_digest=record.report_digest,
        **told,
    )


def as_text(found: Sequence[Row], newest: int | None, labels: Mapping[str, int]) -> str:
    """Returns the rows as a table, with people's decisions below each run."""
    headings, *table = aligned([_HEADINGS, *map(_cells, found)])
    lines = [headings]
    for row, line in zip(found, table, strict=True):
        lines.append(line)
        lines += [f"    {_in_words(decision)}" for decision in row.decisions]
    lines.append(f"* {_legend(found, newest)}")
    shown = {label for row in found for label in row.labels}
    lines += [
        f"{label} is version {version}, which no line above shows"
        for label, version in sorted(labels.items())
        if label not in shown
    ]
    return "\n".join(lines)


def _legend(found: Sequence[Row], newest: int | None) -> str:
    if newest is None:
        return "no version is there"
    if any(row.is_newest for row in found):
        return "the newest version"
    return f"the newest version, {newest}, is of none of these runs"


def _cells(row: Row) -> tuple[str, ...]:
    marks = [*("*" if row.is_newest else ""), *row.labels]
    version = "" if row.version is None else " ".join([str(row.version), *marks])
    return row.run, row.status, version, row.report_digest[:_DIGITS]


def _in_words(decision: PersonDecision) -> str:
    override = " (override)" if decision.override else ""
    note = f": {decision.note}" if decision.note else ""
    day = f"{decision.at.astimezone():%Y-%m-%d %H:%M}"
    return one_line(f"{day} {decision.what}{override} by {decision.by}{note}")
