"""Approves, rejects and rolls back."""

from __future__ import annotations

import os
from collections.abc import Mapping

from components.release_records import ReleaseHistory, ReleaseRecord
from pipeline.config.spans import is_earlier
from pipeline.errors import ReleaseError
from pipeline.metadata import Connection
from pipeline.release.store import ReleaseStore
from serving.release import publish
from serving.release.labels import change_labels, read_labels
from serving.release.versions import VersionRecord, newest_record, version_path

# How many runs an error names.
_FEW = 5

# Where TFX has the SavedModel of a Model artifact.
_SAVED_MODEL_DIR = "Format-Serving"


class ReleaseDesk:
    """Where a person decides on releases."""

    def __init__(
        self,
        connection: Connection,
        pipeline: str,
        model_dir: str,
        keep: int,
    ):
        """Opens the desk.

        Args:
          connection: Connection to ML Metadata.
          pipeline: Name of the pipeline.
          model_dir: The directory of the model's versions.
          keep: How many older versions stay there.

        Raises:
          ReleaseError: The pipeline has never run.
        """
        self._store = ReleaseStore(connection, pipeline)
        self._model_dir = model_dir
        self._keep = keep

    def history(self) -> ReleaseHistory:
        """All that was recorded."""
        return self._store.history()

    def newest(self) -> int | None:
        """The version that is served."""
        newest = newest_record(self._model_dir)
        return None if newest is None else newest.version

    def labels(self) -> dict[str, int]:
        """The version of each label."""
        return read_labels(self._model_dir)

    def label(self, changes: Mapping[str, int | None]) -> dict[str, int]:
        """Gives labels to versions, all at once.

        Args:
          changes: The version of each label; None takes the label away.

        Returns:
          All labels by now.

        Raises:
          ReleaseError: There is no such version or label, or its name is a bad one.
        """
        with publish.sole_writer(self._model_dir):
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

        The model is released first and recorded then. Where that was cut short between
        the two, approving once more only records it.

        Args:
          run: The run.
          by: Who approves.
          note: Why.
          override: Even if a gate blocked it, or a person refused it.
          rollback: Even if a model of newer examples, or of a later run, is released.

        Returns:
          The record of the release.

        Raises:
          ReleaseError: There is no such candidate, it is released already, or it takes
            `override` or `rollback`.
        """
        _check_name(by)
        with publish.sole_writer(self._model_dir):
            return self._approve(run, by, note, override, rollback)

    def _approve(
        self, run: str, by: str, note: str, override: bool, rollback: bool
    ) -> ReleaseRecord:
        history = self.history()
        candidate = self._candidate(history, run)
        _check_not_released(history, candidate)
        objection = _objection(history, candidate)
        if objection is not None and not override:
            raise ReleaseError(
                f"{run}: {objection}; --override releases it all the same, and is "
                "recorded"
            )
        if not rollback:
            self._check_order(history, candidate)
        released = publish.release_model(
            os.path.join(candidate.model_uri, _SAVED_MODEL_DIR),
            self._model_dir,
            publish.Origin(candidate.model_uri, run, candidate.report_digest),
            candidate.warm_up,
        )
        publish.remove_old_versions(self._model_dir, self._keep)
        record = candidate.model_copy(
            update={
                "status": "released",
                "version": released.version,
                "path": version_path(self._model_dir, released.version),
                "by": by,
                "note": note,
                "override": int(objection is not None),
            }
        )
        self._store.add(record, basis=candidate)
        return record

    def reject(self, run: str, by: str, note: str) -> ReleaseRecord:
        """Refuses the candidate of a run; no later run releases the same model.

        Raises:
          ReleaseError: There is no such candidate, or it awaits no approval.
        """
        _check_name(by)
        with publish.sole_writer(self._model_dir):
            return self._reject(run, by, note)

    def _reject(self, run: str, by: str, note: str) -> ReleaseRecord:
        history = self.history()
        candidate = self._candidate(history, run)
        served = newest_record(self._model_dir)
        if served is not None and served.source == candidate.model_uri:
            raise ReleaseError(
                f"{run} is released already, as version {served.version}; take it back "
                "by: ctr release rollback"
            )
        objection = _objection(history, candidate)
        if objection is not None:
            raise ReleaseError(f"{run}: {objection}; there is nothing to reject")
        record = candidate.model_copy(
            update={
                "status": "rejected",
                "version": 0,
                "path": "",
                "by": by,
                "note": note,
            }
        )
        self._store.add(record, basis=candidate)
        return record

    def roll_back(self, by: str, note: str) -> tuple[ReleaseRecord, bool]:
        """Releases the model of the version before the newest one anew.

        What a person refused is passed over. Where the newest version is a roll back
        that was not recorded, this only records it.

        Returns:
          The record, and whether anything was rolled back now.

        Raises:
          ReleaseError: There is no version to go back to, or the newest one has a
            label.
        """
        _check_name(by)
        with publish.sole_writer(self._model_dir):
            history = self.history()
            unrecorded = self._unrecorded_roll_back(history)
            restored = unrecorded or publish.roll_back(
                self._model_dir, history.refused()
            )
            return self._record(history, restored, by, note), unrecorded is None

    def _record(
        self, history: ReleaseHistory, restored: VersionRecord, by: str, note: str
    ) -> ReleaseRecord:
        publish.remove_old_versions(self._model_dir, self._keep)
        known = [
            each for each in history.releases() if each.model_uri == restored.source
        ]
        record = ReleaseRecord(
            status="released",
            run=restored.run,
            model_uri=restored.source,
            training=known[-1].training if known else "",
            span=known[-1].span if known else "",
            version=restored.version,
            path=version_path(self._model_dir, restored.version),
            report=known[-1].report if known else "",
            report_digest=restored.report,
            by=by,
            note=note,
            override=max((each.override for each in known), default=0),
            withdrawn=restored.withdraws,
        )
        self._store.add(record, basis=known[-1] if known else None)
        return record

    def _unrecorded_roll_back(self, history: ReleaseHistory) -> VersionRecord | None:
        """What a roll back released that was cut short before it was recorded."""
        newest = newest_record(self._model_dir)
        if newest is None or newest.restores is None:
            return None
        recorded = {release.version for release in history.releases()}
        return None if newest.version in recorded else newest

    def _candidate(self, history: ReleaseHistory, run: str) -> ReleaseRecord:
        """The record that the run itself made of its candidate."""
        for record in history.records:
            if record.run == run:
                return record
        if self._store.position(run) is None:
            raise ReleaseError(f"there is no run {run!r}; {_latest(history)}")
        raise ReleaseError(
            f"{run} has no candidate to decide on: it has not come so far, or ended "
            "early"
        )

    def _check_order(self, history: ReleaseHistory, candidate: ReleaseRecord) -> None:
        """A release that would undo a later one has to be meant."""
        last = history.last
        if last is None:
            return
        if self._is_older(candidate, last):
            raise ReleaseError(
                f"{_named(candidate)} is older than {_named(last)}, which is released "
                f"as version {last.version}; --rollback releases it all the same"
            )

    def _is_older(self, candidate: ReleaseRecord, last: ReleaseRecord) -> bool:
        """By their spans; without, or of the same one, by when they ran."""
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
        f"the latest are: {', '.join(runs[:_FEW])}" if runs else "make one by: ctr run"
    )


def _check_not_released(history: ReleaseHistory, candidate: ReleaseRecord) -> None:
    if history.last is not None and history.is_released(candidate.model_uri):
        raise ReleaseError(
            f"{candidate.run} is released already, as version {history.last.version}"
        )


def _objection(history: ReleaseHistory, candidate: ReleaseRecord) -> str | None:
    """Why a candidate is not to be released, if there is a reason."""
    refusal = history.refusal(candidate.model_uri)
    if refusal is not None:
        return f"its model was {refusal.in_words(candidate.model_uri)}"
    if candidate.status == "blocked":
        return "a gate blocked it"
    return None
