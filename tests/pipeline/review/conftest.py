"""A pipeline whose runs left candidates in ML Metadata, as the Pusher does."""

from __future__ import annotations

from pathlib import Path

import pytest
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from pipeline.review.decisions import Review
from pipeline.review.records import RecordStore
from serving.releases.records import ReleaseRecord
from serving.releases.versions import model_digest

PIPELINE = "ads"


class Pipeline:
    """Runs, by name; each trains a model of its own unless it is told another."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.model_dir = folder / "models" / PIPELINE
        self.connection = metadata_store_pb2.ConnectionConfig()
        self.connection.sqlite.filename_uri = str(folder / "metadata.sqlite")
        self.connection.sqlite.connection_mode = (
            metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        )
        self._add_context("pipeline", PIPELINE)

    def forget(self) -> None:
        """Metadata is deleted, and begun anew."""
        (self.folder / "metadata.sqlite").unlink()
        self._add_context("pipeline", PIPELINE)

    def _add_context(self, kind: str, name: str) -> None:
        store = metadata_store.MetadataStore(self.connection)
        type_id = store.put_context_type(metadata_store_pb2.ContextType(name=kind))
        store.put_contexts([metadata_store_pb2.Context(type_id=type_id, name=name)])

    def start(self, run: str) -> None:
        """A run that gets nowhere."""
        self._add_context("pipeline_run", run)

    def run(
        self,
        run: str,
        status: str = "awaiting_approval",
        model: str | None = None,
        span: str = "",
    ) -> None:
        """A run that ends with a candidate."""
        self.start(run)
        uri = self.model(model or run)
        record = ReleaseRecord(
            status=status,
            run=run,
            digest=model_digest(f"{uri}/Format-Serving"),
            model_uri=uri,
            training=f"training of {model or run}",
            span=span,
            report=f"{self.folder}/report/{run}",
            report_digest=f"digest of {run}",
        )
        self.store().add(record)

    def approve(
        self, run: str, by: str = "Ann", note: str = "", **options: bool
    ) -> ReleaseRecord:
        """Ann's approval, unless it is told another's."""
        return self.review().approve(run, by=by, note=note, **options)

    def released(self, *runs: str) -> None:
        """Runs whose candidates Ann approved."""
        for run in runs:
            self.run(run)
            self.approve(run)

    def model(self, name: str) -> str:
        """The URI of a model; makes it where there is none."""
        uri = self.folder / "model" / name
        saved_model = uri / "Format-Serving"
        if not saved_model.exists():
            (saved_model / "variables").mkdir(parents=True)
            (saved_model / "variables" / "variables.index").write_text(name)
            (saved_model / "saved_model.pb").write_text(name)
        return str(uri)

    def digest(self, name: str) -> str:
        return model_digest(f"{self.model(name)}/Format-Serving")

    def store(self) -> RecordStore:
        return RecordStore(self.connection, PIPELINE)

    def review(self, keep: int = 9) -> Review:
        return Review(self.connection, PIPELINE, str(self.model_dir), keep)

    def served(self) -> list[str]:
        """The model of each version, the newest last."""
        if not self.model_dir.exists():
            return []
        versions = [path for path in self.model_dir.iterdir() if path.name.isdigit()]
        versions.sort(key=lambda path: int(path.name))
        return [(path / "saved_model.pb").read_text() for path in versions]


@pytest.fixture
def pipeline(tmp_path):
    return Pipeline(tmp_path)
