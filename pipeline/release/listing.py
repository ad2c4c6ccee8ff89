"""What became of each run's candidate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

import pydantic

from components.release_records import ReleaseHistory, ReleaseRecord, one_line
from pipeline.console import aligned
from serving.release.labels import labels_of

# Of the report's digest: enough to tell one from another.
_DIGITS = 8
_HEADINGS = ("run", "status", "version", "report")


class PersonDecision(pydantic.BaseModel):
    """What a person said of a model.

    Attributes:
      what: Approved, rejected, rolled back, or restored by rolling another back.
      by: Who.
      at: When.
      note: Why.
      override: Whether it overrode a gate, or another person.
      version: The version that it made of the model.
      report_digest: SHA-256 of the report that it was decided on, if on one.
    """

    what: str
    by: str
    at: datetime
    note: str
    override: bool
    version: int | None
    report_digest: str | None


class Row(pydantic.BaseModel):
    """A run, and what became of its candidate by now.

    Attributes:
      run: The run.
      status: Released, replaced by a later release, awaiting approval, blocked,
        rejected or rolled back.
      version: The version that it was released as.
      is_newest: Whether that is the newest version that is there.
      labels: The labels that clients ask for that version by.
      report_digest: SHA-256 of its report.
      decisions: What people decided on this run.
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
    """A row for each run that had a candidate, the latest first.

    Args:
      history: All that was recorded.
      newest: The newest version that is there.
      labels: The version of each label.
    """
    runs: dict[str, list[ReleaseRecord]] = {}
    for record in history.records:
        runs.setdefault(record.run, []).append(record)
    return [
        _row(history, newest, labels, records) for records in reversed(runs.values())
    ]


def _row(
    history: ReleaseHistory,
    newest: int | None,
    labels: Mapping[str, int],
    records: Sequence[ReleaseRecord],
) -> Row:
    """Of the records of a run."""
    latest = records[-1]
    status, version = _status(history, latest)
    return Row(
        run=latest.run,
        status=status,
        version=version or None,
        is_newest=version == newest,
        labels=labels_of(labels, version),
        report_digest=records[0].report_digest,
        decisions=[
            _decision(record, latest.model_uri)
            for record in history.decisions(latest.run)
        ],
    )


def _status(history: ReleaseHistory, latest: ReleaseRecord) -> tuple[str, int]:
    """What became of a run's candidate, and the version that it was released as.

    What was said of a model in one run holds in each that has the same.
    """
    refusal = history.refusal(latest.model_uri)
    standing = history.standing(latest.model_uri)
    if latest.status == "blocked":
        return "blocked", 0
    if refusal is not None:
        is_withdrawn = refusal.withdrawn == latest.model_uri
        return "rolled back" if is_withdrawn else "rejected", latest.version
    if standing is not None:
        return "released", standing.version
    if latest.status == "released":
        return "replaced", latest.version
    return latest.status.replace("_", " "), latest.version


def _decision(record: ReleaseRecord, model_uri: str) -> PersonDecision:
    is_taken_back = record.withdrawn == model_uri
    return PersonDecision(
        what=record.what(model_uri),
        by=record.by,
        at=record.at,
        note=record.note,
        override=bool(record.override),
        version=None if is_taken_back else record.version or None,
        report_digest=None if is_taken_back else record.report_digest,
    )


def as_text(found: Sequence[Row], newest: int | None, labels: Mapping[str, int]) -> str:
    """The rows for a person: a table, with what people said below each run.

    Args:
      found: The rows.
      newest: The newest version that is there.
      labels: The version of each label.
    """
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
