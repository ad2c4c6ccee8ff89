"""The record of a release or of a candidate, and what follows from all of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Literal

import pydantic

Status = Literal["released", "awaiting_approval", "blocked", "rejected"]


def _now() -> datetime:
    return datetime.now(timezone.utc)


class ReleaseRecord(pydantic.BaseModel):
    """A release, a candidate that was not released, or a person's rejection.

    Every record is in ML Metadata, those of releases also in their version directories.
    None is changed later.

    Attributes:
      status: The outcome for the model.
      run: The run whose candidate the model was.
      digest: SHA-256 that identifies the model: see `model_digest`.
      model_uri: URI of its Model artifact.
      training: Identifies its training: see `artifacts.training_key`.
      span: Newest span of its examples; empty where they are not in spans.
      version: The version that serves it; 0 if none does.
      report: URI of the report.
      report_digest: SHA-256 of the report's page.
      warm_up: File of the warm-up requests that its version contains; empty for none.
      by: The person who decided; empty if the pipeline did.
      note: The reason; if the pipeline decided, only that it was not carried out.
      override: Whether a gate or another person was overruled.
      withdraws: Of a roll back, the digest of the model that it took back.
      after: Of a rejection, the newest version at that time.
      at: When it was decided, UTC.
      id: Id of the artifact in ML Metadata; 0 if it is not there.
    """

    model_config = pydantic.ConfigDict(frozen=True, protected_namespaces=())

    status: Status
    run: str = ""
    digest: str
    model_uri: str = ""
    training: str = ""
    span: str = ""
    version: int = 0
    report: str = ""
    report_digest: str = ""
    warm_up: str = ""
    by: str = ""
    note: str = ""
    override: bool = False
    withdraws: str = ""
    after: int = 0
    at: datetime = pydantic.Field(default_factory=_now)
    id: int = pydantic.Field(default=0, exclude=True)

    def decided(self, **fields: object) -> ReleaseRecord:
        """Returns a copy with the fields of a decision made now."""
        return self.model_copy(update={**fields, "at": _now(), "id": 0})

    def in_words(self, verb: str) -> str:
        """Returns what a person did to a model, such as "approved", by name and day."""
        note = f": {self.note}" if self.note else ""
        return one_line(f"{verb} by {self.by} on {self.at:%Y-%m-%d}{note}")


def one_line(text: str) -> str:
    """Returns text that a person wrote without line breaks and control characters."""
    printable = (each if each.isprintable() else " " for each in text)
    return " ".join("".join(printable).split())


class ReleaseHistory:
    """The state of each model, which follows from records in any order.

    The rule of withdrawal: a model is refused if the newest decision on it is a roll
    back that took it back, or a rejection. Decisions are in the order of versions.
    """

    def __init__(self, records: Iterable[ReleaseRecord]):
        """Sorts the records by time."""
        self.records = sorted(records, key=lambda record: (record.at, record.id))
        self.releases = self._releases()

    def _releases(self) -> list[ReleaseRecord]:
        """Returns the first record of each version; unchanged runs repeat it."""
        first: dict[int, ReleaseRecord] = {}
        for record in self.records:
            if record.status == "released":
                first.setdefault(record.version, record)
        return [first[version] for version in sorted(first)]

    @property
    def last(self) -> ReleaseRecord | None:
        """The release in force."""
        return self.releases[-1] if self.releases else None

    def release(self, digest: str) -> ReleaseRecord | None:
        """Returns the last release of a model, whether or not it was replaced."""
        return next((r for r in self.releases[::-1] if r.digest == digest), None)

    def refusal(self, digest: str) -> ReleaseRecord | None:
        """Returns the record by which a person rejected a model, or took it back."""
        refusals = {
            record.version or record.after: record
            for record in self.records
            if _refuses(record, digest)
        }
        newest = max(refusals, default=-1)
        released = self.release(digest)
        if released is not None and released.version > newest:
            return None
        return refusals.get(newest)

    def refused(self) -> set[str]:
        """Returns the digests of all models that a person rejected, or took back."""
        digests = {record.withdraws or record.digest for record in self.records}
        return {digest for digest in digests if self.refusal(digest) is not None}

    def digest_at(self, model_uri: str) -> str | None:
        """Returns the digest of the Model artifact at a URI; None if it is unknown.

        Only a run's own records say so: before ML Metadata was lost, the URI may have
        been that of another model.
        """
        found = [r for r in self.records if r.model_uri == model_uri and not r.by]
        return found[-1].digest if found else None

    def decisions(self, run: str) -> list[ReleaseRecord]:
        """Returns what people decided on a run, or on the version it released."""
        return [
            record
            for record in self.records
            if record.by and run in (record.run, self._withdrawn_run(record))
        ]

    def _withdrawn_run(self, record: ReleaseRecord) -> str | None:
        """Returns the run of the version that a roll back took back."""
        withdrawn = [
            each.run
            for each in self.releases
            if each.digest == record.withdraws and each.version < record.version
        ]
        return withdrawn[-1] if withdrawn else None


def _refuses(record: ReleaseRecord, digest: str) -> bool:
    is_rejection = record.status == "rejected" and bool(record.by)
    return record.withdraws == digest or (is_rejection and record.digest == digest)
