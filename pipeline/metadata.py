"""Connections to ML Metadata, without TFX, whose import takes seconds."""

from __future__ import annotations

from typing import TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from ml_metadata.proto import metadata_store_pb2

from config.errors import ConfigError, ReleaseError
from config.metadata import check_url
from config.root import Config
from pipeline.workdir import WorkDir

# To a database, or to a server that has one.
Connection: TypeAlias = (
    metadata_store_pb2.ConnectionConfig | metadata_store_pb2.MetadataStoreClientConfig
)


def existing_metadata(config: Config, work_dir: WorkDir) -> Connection:
    """As `connection_config`, where there has been a run.

    Raises:
      ReleaseError: There has been none; connecting would make a file.
    """
    if config.metadata.is_local and not work_dir.metadata.exists():
        raise ReleaseError(f"{work_dir.path}: there is no run yet; run `ctr run` first")
    return connection_config(config, work_dir)


def connection_config(config: Config, work_dir: WorkDir) -> Connection:
    """The connection to ML Metadata: a file of the work directory, or as configured."""
    if config.metadata.mysql is not None:
        return connection_to(config.metadata.mysql)
    if config.metadata.grpc is not None:
        return connection_to(f"grpc://{config.metadata.grpc}")
    return _sqlite(str(work_dir.metadata))


def connection_to(url: str) -> Connection:
    """The connection to ML Metadata at a URL: `mysql://`, `grpc://` or `sqlite:///`.

    Raises:
      ConfigError: It is no such URL; on Kubernetes it may come from a secret.
    """
    try:
        check_url(url)
    except ValueError as error:
        raise ConfigError(f"the URL of ML Metadata: {error}") from None
    parts = urlsplit(url)
    if parts.scheme == "grpc":
        return _grpc(parts)
    if parts.scheme == "sqlite":
        return _sqlite(parts.path)
    return _mysql(parts)


def _sqlite(path: str) -> Connection:
    connection = metadata_store_pb2.ConnectionConfig()
    connection.sqlite.filename_uri = path
    connection.sqlite.connection_mode = (
        metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
    )
    return connection


def _mysql(url: SplitResult) -> Connection:
    connection = metadata_store_pb2.ConnectionConfig()
    connection.mysql.host = url.hostname or "localhost"
    connection.mysql.port = url.port or 3306
    connection.mysql.database = url.path.lstrip("/")
    connection.mysql.user = unquote(url.username or "")
    connection.mysql.password = unquote(url.password or "")
    return connection


def _grpc(url: SplitResult) -> Connection:
    return metadata_store_pb2.MetadataStoreClientConfig(
        host=url.hostname, port=url.port
    )
