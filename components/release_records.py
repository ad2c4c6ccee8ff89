"""What was released, refused or left to a person, as ML Metadata keeps it.

Each run adds a record of its candidate, and so does each decision of a person. None is
changed later: what is in force follows from their order. Nothing here imports TFX, for
the commands that a person is waiting for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Literal

import pydantic
from ml_metadata.proto import metadata_store_pb2

Status = Literal["released", "awaiting_approval", "blocked", "rejected"]

RELEASE_TYPE = "Release"

_NOT_YET = datetime.min.replace(tzinfo=timezone.utc)


class ReleaseRecord(pydantic.BaseModel):
    """A release, or a candidate that was not released.

    Attributes:
      status: What became of the model. One that is `rejected` was refused by a person,
        now or in an earlier run.
      run: The run whose candidate the model was.
      model_uri: URI of its Model artifact.
      training: Identifies what it was trained from: see `artifacts.training_key`.
      span: The newest span that it has seen, as people name it; empty where its
        examples are not in spans.
      version: The version that serves it; 0 where none does.
      path: The directory of that version.
      report: URI of the report that was decided on.
      report_digest: SHA-256 of its page.
      warm_up: The file with the requests that its version brings along; empty where it
        brings none.
      by: The person who decided; empty where the pipeline did.
      note: Why; where the pipeline decided, only if it did not do what was decided.
      override: 1 where it took overriding a gate, or another person.
      withdrawn: Only for a roll back: URI of the model that was taken back.
      id: That of the artifact.
      at: When it was recorded.
    """

    model_config = pydantic.ConfigDict(frozen=True, protected_namespaces=())

    status: Status
    run: str = ""
    model_uri: str
    training: str = ""
    span: str = ""
    version: int = 0
    path: str = ""
    report: str = ""
    report_digest: str = ""
    warm_up: str = ""
    by: str = ""
    note: str = ""
    override: int = 0
    withdrawn: str = ""
    id: int = 0
    at: datetime = _NOT_YET

    @classmethod
    def of(cls, artifact: metadata_store_pb2.Artifact) -> ReleaseRecord:
        """The record that an artifact holds."""
        values = {
            name: artifact.properties[name]
            for name in PROPERTIES
            if name in artifact.properties
        }
        return cls(
            **{
                name: getattr(value, value.WhichOneof("value"))
                for name, value in values.items()
            },
            id=artifact.id,
            at=datetime.fromtimestamp(
                artifact.create_time_since_epoch / 1000, timezone.utc
            ),
        )

    def properties(self) -> dict[str, str | int]:
        """What the artifact holds."""
        return {name: getattr(self, name) for name in PROPERTIES}

    def releases(self, model_uri: str) -> bool:
        """Whether it says that a model is released."""
        return self.status == "released" and self.model_uri == model_uri

    def what(self, model_uri: str) -> str:
        """What a person did about a model, in a word or two."""
        if self.withdrawn:
            return "rolled back" if self.withdrawn == model_uri else "restored"
        return "approved" if self.status == "released" else self.status

    def in_words(self, model_uri: str) -> str:
        """Who decided what about a model, when and why."""
        note = f": {self.note}" if self.note else ""
        day = f"{self.at:%Y-%m-%d}"
        return one_line(f"{self.what(model_uri)} by {self.by} on {day}{note}")


def one_line(text: str) -> str:
    """What people wrote, so that it can neither break nor forge a line."""
    printable = (each if each.isprintable() else " " for each in text)
    return " ".join("".join(printable).split())


# The properties of the artifact, with the type of each.
PROPERTIES = {
    name: field.annotation
    for name, field in ReleaseRecord.model_fields.items()
    if name not in ("id", "at")
}


class ReleaseHistory:
    """What follows from all records of a pipeline."""

    def __init__(self, records: Iterable[ReleaseRecord]):
        """Takes the records, in any order."""
        self.records = sorted(records, key=lambda record: record.id)
        self._last_word: dict[str, ReleaseRecord] = {}
        self._withdrawn_run = _withdrawn_runs(self.records)
        for record in self.records:
            if self._says_something_new(record):
                self._last_word[record.model_uri] = record
            if record.withdrawn:
                self._last_word[record.withdrawn] = record

    @classmethod
    def of(cls, artifacts: Iterable[metadata_store_pb2.Artifact]) -> ReleaseHistory:
        """The history that artifacts hold; those of earlier code hold no status."""
        return cls(
            ReleaseRecord.of(artifact)
            for artifact in artifacts
            if "status" in artifact.properties
        )

    def _says_something_new(self, record: ReleaseRecord) -> bool:
        """Not so a run that repeats what a person said, or that recorded too late.

        A run records after it released; the roll back that took that version back may
        be recorded in between.
        """
        if record.status == "released":
            word = self._last_word.get(record.model_uri)
            return (
                word is None
                or word.withdrawn != record.model_uri
                or word.version < record.version
            )
        return record.status == "rejected" and bool(record.by)

    @property
    def last(self) -> ReleaseRecord | None:
        """The release that is in force."""
        releases = self.releases()
        return releases[-1] if releases else None

    def releases(self) -> list[ReleaseRecord]:
        """All releases, in the order of their versions; unchanged runs repeat them."""
        found = [record for record in self.records if record.status == "released"]
        return sorted(found, key=lambda record: (record.version, record.id))

    def decisions(self, run: str) -> list[ReleaseRecord]:
        """All that people decided on a run, or on what it released."""
        return [
            record
            for record in self.records
            if record.by and run in (record.run, self._withdrawn_run.get(record.id))
        ]

    def first_of(self, release: ReleaseRecord) -> ReleaseRecord:
        """The record that a release was made with, of all that repeat it."""
        return next(
            each
            for each in self.releases()
            if (each.version, each.model_uri) == (release.version, release.model_uri)
        )

    def is_released(self, model_uri: str) -> bool:
        """Whether a model is the one released last."""
        return self.last is not None and self.last.model_uri == model_uri

    def refusal(self, model_uri: str) -> ReleaseRecord | None:
        """The record by which a person rejected a model, or took it back."""
        word = self._last_word.get(model_uri)
        if word is None or word.releases(model_uri):
            return None
        return word

    def refused(self) -> set[str]:
        """URIs of all models that a person rejected, or took back."""
        return {uri for uri in self._last_word if self.refusal(uri) is not None}

    def standing(self, model_uri: str) -> ReleaseRecord | None:
        """What holds for a model: that it is released, or that a person refused it."""
        refusal = self.refusal(model_uri)
        if refusal is None and self.last is not None and self.is_released(model_uri):
            return self.first_of(self.last)
        return refusal


def _withdrawn_runs(records: Iterable[ReleaseRecord]) -> dict[int, str]:
    """By the id of each roll back, the run of which it took the release back."""
    found: dict[int, str] = {}
    made: dict[str, ReleaseRecord] = {}
    for record in records:
        if record.withdrawn in made:
            found[record.id] = made[record.withdrawn].run
        if record.status == "released":
            before = made.get(record.model_uri)
            # An unchanged run repeats the version.
            if before is None or before.version != record.version:
                made[record.model_uri] = record
    return found
