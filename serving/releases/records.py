"""Records of releases and candidates, and the state of models derived from them."""

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

    Records are immutable. ML Metadata has all of them, version directories those of
    releases.

    Attributes:
      status: The outcome for the model.
      run: Id of the run whose candidate the model was.
      digest: SHA-256 of the model; see `model_digest`.
      model_uri: URI of its Model artifact.
      training: Digest of its training; see `artifacts.training_key`.
      span: Newest span of its examples; empty without spans.
      version: The version that serves it; 0 if none does.
      report: URI of the report.
      report_digest: SHA-256 of the report's page.
      warm_up: File of the warm-up requests of its version; may be empty.
      by: The person who decided; empty if the pipeline did.
      note: The reason that a person gave.
      override: True if a gate or another person was overruled.
      withdraws: Digest of the model that a rollback withdrew.
      after: Newest version at the time of a rejection.
      at: Time of the decision, UTC.
      id: Id of the artifact in ML Metadata; 0 if it has none.
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
        """Returns `VERB by NAME on DAY: NOTE`."""
        note = f": {self.note}" if self.note else ""
        return one_line(f"{verb} by {self.by} on {self.at:%Y-%m-%d}{note}")


def one_line(text: str) -> str:
    """Replaces line breaks and control characters by spaces."""
    printable = (each if each.isprintable() else " " for each in text)
    return " ".join("".join(printable).split())


class ReleaseHistory:
    """State of each model, derived from records in any order.

    A model is refused if the newest decision on it is a rejection, or a rollback that
    withdrew it. Decisions are ordered by version.
    """

    def __init__(self, records: Iterable[ReleaseRecord]):
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
        """The newest release; None before the first."""
        return self.releases[-1] if self.releases else None

    def release(self, digest: str) -> ReleaseRecord | None:
        """Returns the last release of a model, even if it was replaced since."""
        return next((r for r in self.releases[::-1] if r.digest == digest), None)

    def refusal(self, digest: str) -> ReleaseRecord | None:
        """Returns the rejection or rollback by which a model is refused."""
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
        """Returns the digests of all refused models."""
        digests = {record.withdraws or record.digest for record in self.records}
        return {digest for digest in digests if self.refusal(digest) is not None}

    def digest_at(self, model_uri: str) -> str | None:
        """Returns the digest of the Model artifact at a URI; None if it is unknown.

        Records of people's decisions do not count: their URI may be of another model,
        from before ML Metadata was lost.
        """
        found = [r for r in self.records if r.model_uri == model_uri and not r.by]
        return found[-1].digest if found else None

    def decisions(self, run: str) -> list[ReleaseRecord]:
        """Returns people's decisions on a run or on the version it released."""
        return [
            record
            for record in self.records
            if record.by and run in (record.run, self._withdrawn_run(record))
        ]

    def _withdrawn_run(self, record: ReleaseRecord) -> str | None:
        """Returns the run of the version that a rollback withdrew."""
        withdrawn = [
            each.run
            for each in self.releases
            if each.digest == record.withdraws and each.version < record.version
        ]
        return withdrawn[-1] if withdrawn else None


def _refuses(record: ReleaseRecord, digest: str) -> bool:
    is_rejection = record.status == "rejected" and bool(record.by)
    return record.withdraws == digest or (is_rejection and record.digest == digest)
