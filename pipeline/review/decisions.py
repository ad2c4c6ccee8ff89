"""A person's decisions: approve, reject, roll back and label."""

from __future__ import annotations

import os
from collections.abc import Mapping

from config.errors import ReleaseError
from config.spans import is_earlier
from pipeline.metadata import Connection
from pipeline.review.records import RecordStore
from serving.releases.labels import change_labels, read_labels
from serving.releases.records import ReleaseHistory, ReleaseRecord
from serving.releases.versions import list_versions, version_records
from serving.releases.writer import (
    release_model,
    remove_old_versions,
    roll_back,
    sole_writer,
)

# Number of runs that an error names.
_FEW = 5

# The SavedModel in a Model artifact of TFX.
_SAVED_MODEL_DIR = "Format-Serving"


class Review:
    """The decisions on one pipeline's candidates.

    A version is written first, with its record, and the record is added to ML Metadata
    then. A decision that was killed in between is recorded by the next one.
    """

    def __init__(
        self, connection: Connection, pipeline: str, model_dir: str, keep: int
    ):
        """Connects to ML Metadata.

        Args:
          connection: Connection to ML Metadata.
          pipeline: Name of the pipeline.
          model_dir: The directory of the model's versions.
          keep: Number of older versions to keep there.

        Raises:
          ReleaseError: The pipeline has never run.
        """
        self._store = RecordStore(connection, pipeline)
        self._model_dir = model_dir
        self._keep = keep

    def history(self) -> ReleaseHistory:
        """Returns the records of ML Metadata, and of versions that it lacks."""
        recorded = self._store.history()
        return ReleaseHistory([*recorded.records, *self._unrecorded(recorded)])

    def newest(self) -> int | None:
        """Returns the newest version that a server can load."""
        records = version_records(self._model_dir)
        return records[-1].version if records else None

    def labels(self) -> dict[str, int]:
        """Returns the version of each label."""
        return read_labels(self._model_dir)

    def label(self, changes: Mapping[str, int | None]) -> dict[str, int]:
        """Assigns labels to versions: see `change_labels`."""
        with sole_writer(self._model_dir):
            return change_labels(self._model_dir, changes)

    def approve(
        self,
        run: str,
        by: str,
        note: str,
        override: bool = False,
        rollback: bool = False,
    ) -> ReleaseRecord:
        """Releases the candidate of a run.

        Args:
          run: Id of the run.
          by: Name of the person who approves.
          note: The reason.
          override: Even if a gate blocked it, or a person refused it.
          rollback: Even if a model of a newer span, or of a later run, is released.

        Returns:
          The record of the release.

        Raises:
          ReleaseError: There is no such candidate, it is released already, or it takes
            `override` or `rollback`.
        """
        _check_name(by)
        with sole_writer(self._model_dir):
            repaired = self._repair()
            if repaired is not None and (repaired.run, repaired.by) == (run, by):
                return repaired
            history = self.history()
            candidate = self._candidate(history, run)
            self._check_not_served(candidate)
            objection = _objection(history, candidate)
            if objection is not None and not override:
                raise ReleaseError(
                    f"{run}: {objection}; --override releases it all the same, and is "
                    "recorded"
                )
            if not rollback:
                self._check_order(history, candidate)
            record = candidate.decided(
                status="released", by=by, note=note, override=objection is not None
            )
            saved_model = os.path.join(candidate.model_uri, _SAVED_MODEL_DIR)
            record = release_model(saved_model, self._model_dir, record)
            return self._finish(record, candidate.id)

    def reject(self, run: str, by: str, note: str) -> ReleaseRecord:
        """Rejects the candidate of a run, so that no run releases the model.

        Raises:
          ReleaseError: There is no such candidate, or it is not to be decided on.
        """
        _check_name(by)
        with sole_writer(self._model_dir):
            self._repair()
            history = self.history()
            candidate = self._candidate(history, run)
            self._check_not_served(
                candidate, "; withdraw it with `ctr release rollback`"
            )
            objection = _objection(history, candidate)
            if objection is not None:
                raise ReleaseError(f"{run}: {objection}; there is nothing to reject")
            newest = max(list_versions(self._model_dir), default=0)
            record = candidate.decided(
                status="rejected", by=by, note=note, after=newest
            )
            self._store.add(record, candidate.id)
            return record

    def roll_back(self, by: str, note: str) -> tuple[ReleaseRecord, bool]:
        """Releases the model of an earlier version again: see `writer.roll_back`.

        If the newest version is a roll back that was not recorded, only records it.

        Returns:
          The record, and whether anything was rolled back now.

        Raises:
          ReleaseError: There is no version to go back to, or the newest has a label.
        """
        _check_name(by)
        with sole_writer(self._model_dir):
            repaired = self._repair()
            if repaired is not None and repaired.withdraws:
                return repaired, False
            refused = self.history().refused()
            record = roll_back(self._model_dir, by, note, refused)
            return self._finish(record), True

    def _finish(self, record: ReleaseRecord, basis: int = 0) -> ReleaseRecord:
        remove_old_versions(self._model_dir, self._keep)
        self._store.add(record, basis)
        return record

    def _repair(self) -> ReleaseRecord | None:
        """Records versions that ML Metadata lacks, as after a kill or a loss.

        Returns:
          The newest of them.
        """
        missing = self._unrecorded(self._store.history())
        for record in missing:
            self._finish(record)
        return missing[-1] if missing else None

    def _unrecorded(self, history: ReleaseHistory) -> list[ReleaseRecord]:
        """Returns the records of versions that ML Metadata lacks, ascending.

        Not those of versions that someone copied into the directory, which have no
        run; nor, since a URI of a lost database may be that of another model by now,
        releases that no person decided on of unknown runs.
        """
        recorded = {release.version for release in history.releases}
        return [
            record
            for record in version_records(self._model_dir)
            if record.version not in recorded
            and (record.by or self._store.position(record.run) is not None)
        ]

    def _candidate(self, history: ReleaseHistory, run: str) -> ReleaseRecord:
        """Returns the record that the run itself made of its candidate."""
        for record in history.records:
            if record.run == run and not record.by:
                return record
        if self._store.position(run) is None:
            raise ReleaseError(f"there is no run {run!r}; {_latest(history)}")
        raise ReleaseError(
            f"{run} has no candidate to decide on: it has not come so far, or ended "
            "early"
        )

    def _check_not_served(self, candidate: ReleaseRecord, advice: str = "") -> None:
        for served in version_records(self._model_dir)[-1:]:
            if served.digest == candidate.digest:
                raise ReleaseError(
                    f"{candidate.run} is released already, as version "
                    f"{served.version}{advice}"
                )

    def _check_order(self, history: ReleaseHistory, candidate: ReleaseRecord) -> None:
        """Checks that a candidate is not older than the last release."""
        last = history.last
        if last is not None and self._is_older(candidate, last):
            raise ReleaseError(
                f"{_named(candidate)} is older than {_named(last)}, which is released "
                f"as version {last.version}; --rollback releases it all the same"
            )

    def _is_older(self, candidate: ReleaseRecord, last: ReleaseRecord) -> bool:
        """Compares spans; if these do not differ, the order of the runs."""
        if is_earlier(candidate.span, last.span):
            return True
        if is_earlier(last.span, candidate.span):
            return False
        asked, released = (self._store.position(each.run) for each in (candidate, last))
        return asked is not None and released is not None and asked < released


def _named(record: ReleaseRecord) -> str:
    return f"{record.run} of {record.span}" if record.span else record.run


def _check_name(by: str) -> None:
    # A record without a name is one of the pipeline.
    if not by.strip():
        raise ReleaseError("--by is empty; say who decides")


def _latest(history: ReleaseHistory) -> str:
    runs = list(dict.fromkeys(record.run for record in reversed(history.records)))
    return (
        f"the latest are: {', '.join(runs[:_FEW])}" if runs else "run `ctr run` first"
    )


def _objection(history: ReleaseHistory, candidate: ReleaseRecord) -> str | None:
    """Returns why a candidate is not to be released, if there is a reason."""
    refusal = history.refusal(candidate.digest)
    if refusal is not None:
        verb = "rolled back" if refusal.withdraws else "rejected"
        return f"its model was {refusal.in_words(verb)}"
    return "a gate blocked it" if candidate.status == "blocked" else None
