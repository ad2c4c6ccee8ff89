"""The object store, and the artifacts that the backend keeps in ML Metadata."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from kfp.pipeline_spec import pipeline_spec_pb2

RuntimeArtifact = pipeline_spec_pb2.RuntimeArtifact

_LOCAL = {"minio://": "minio/", "s3://": "s3/", "gs://": "gcs/"}


def local_path(pod: Path, uri: str) -> Path | None:
    """`LocalPathForURI`; None for a URI of which the launcher copies nothing."""
    for scheme, folder in _LOCAL.items():
        if uri.startswith(scheme):
            return pod / folder / uri.removeprefix(scheme)
    return None


@dataclass(frozen=True)
class ObjectStore:
    """Objects, as files of a folder that no task sees."""

    folder: Path

    def path(self, uri: str) -> Path:
        scheme, _, key = uri.partition("://")
        return self.folder / scheme / key

    def download(self, uri: str, pod: Path) -> None:
        """`DownloadBlob`: of what is not there it copies nothing, and says nothing."""
        source, target = self.path(uri), local_path(pod, uri)
        if target is None or not source.exists():
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            shutil.copyfile(source, target)
            return
        for file in (each for each in source.rglob("*") if each.is_file()):
            copy = target / file.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)

    def upload(self, uri: str, pod: Path, folder_of_run: str) -> None:
        """`KeyFromURI`, `UploadBlob`: files only, and none beyond the run's folder."""
        source = local_path(pod, uri)
        if source is None:
            return
        if not uri.startswith(folder_of_run + "/"):
            raise ValueError(
                f"URI {uri} does not have expected bucket prefix {folder_of_run}/"
            )
        files = [source] if source.is_file() else source.rglob("*")
        for file in (each for each in files if each.is_file()):
            target = self.path(uri) / file.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


@dataclass
class Artifacts:
    """The backend's own record of artifacts."""

    records: list[dict[str, Any]] = field(default_factory=list)

    def add(self, artifact: RuntimeArtifact, title: str, **more: str) -> int:
        """`RecordArtifact`; returns the id.

        Args:
          more: Metadata that Kubeflow adds (2.17.0 metadata/client.go:1234-1250), and
            tasks that read the artifact are given, too.
        """
        metadata: dict[str, Any] = {
            "store_session_info": '{"Provider":"minio"}',
            **more,
        }
        metadata |= {
            name: _kept(value)
            for name, value in json_format.MessageToDict(artifact.metadata).items()
        }
        self.records.append({"uri": artifact.uri, "metadata": metadata, "title": title})
        return len(self.records)

    def get(self, artifact_id: int) -> RuntimeArtifact:
        """`toRuntimeArtifact`: the type is empty, and every number a double."""
        record = self.records[artifact_id - 1]
        artifact = RuntimeArtifact(name=str(artifact_id), uri=record["uri"])
        artifact.type.instance_schema = ""
        artifact.metadata.update(record["metadata"])
        return artifact


def _kept(value: Any) -> Any:
    """`StructValueToMLMDValue`."""
    if value is None:
        raise ValueError("unknown/unsupported value type null")
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, list):
        return {"list": value}
    return {"struct": value} if isinstance(value, dict) else value
