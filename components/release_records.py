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
      version: The version that serves it; 0 where none does.
      path: The directory of that version.
      report: URI of the report that was decided on.
      report_digest: SHA-256 of its page.
      by: The person who decided; empty where the pipeline did.
      note: Why.
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
    version: int = 0
    path: str = ""
    report: str = ""
    report_digest: str = ""
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

    def what(self, model_uri: str) -> str:
        """What a person did about a model, in a word or two."""
        if self.withdrawn:
            return "rolled back" if self.withdrawn == model_uri else "restored"
        return "approved" if self.status == "released" else self.status

    def in_words(self, model_uri: str) -> str:
        """Who decided what about a model, when and why."""
        note = f": {self.note}" if self.note else ""
        return f"{self.what(model_uri)} by {self.by} on {self.at:%Y-%m-%d}{note}"


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
        for record in self.records:
            # A run that repeats what a person said says nothing new.
            if record.status == "released" or (
                record.status == "rejected" and record.by
            ):
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

    @property
    def last(self) -> ReleaseRecord | None:
        """The release that is in force."""
        return max(self.releases(), key=lambda release: release.id, default=None)

    def releases(self) -> list[ReleaseRecord]:
        """All releases; unchanged runs repeat them."""
        return [record for record in self.records if record.status == "released"]

    def decisions(self, model_uri: str) -> list[ReleaseRecord]:
        """All that people decided on a model."""
        return [
            record
            for record in self.records
            if record.by and model_uri in (record.model_uri, record.withdrawn)
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
        if word is None or (word.status, word.model_uri) == ("released", model_uri):
            return None
        return word

    def standing(self, model_uri: str) -> ReleaseRecord | None:
        """What holds for a model: that it is released, or that a person refused it."""
        refusal = self.refusal(model_uri)
        if refusal is None and self.last is not None and self.is_released(model_uri):
            return self.first_of(self.last)
        return refusal
