"""Connections to ML Metadata, without TFX, whose import takes seconds."""

from __future__ import annotations

import random
import time
from typing import TypeAlias
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from ml_metadata import errors
from ml_metadata.metadata_store import metadata_store
from ml_metadata.proto import metadata_store_pb2

from config.errors import ConfigError, ReleaseError, RunError
from config.metadata import check_url
from config.root import Config
from pipeline.workdir import WorkDir

# To a database, or to a server that has one.
Connection: TypeAlias = (
    metadata_store_pb2.ConnectionConfig | metadata_store_pb2.MetadataStoreClientConfig
)


# Attempts to connect, as many as TFX makes.
_ATTEMPTS = 10


def open_store(connection: Connection) -> metadata_store.MetadataStore:
    """Connects to ML Metadata, with retries.

    A database may be starting, and of two clients that find it empty, one is told to
    retry.

    Raises:
      RunError: ML Metadata cannot be reached, or the user may not use it.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            store = metadata_store.MetadataStore(connection)
            # A gRPC client has not connected yet.
            store.get_contexts_by_type("pipeline")
            return store
        except (RuntimeError, errors.StatusError) as error:
            if attempt == _ATTEMPTS:
                raise RunError(
                    f"ML Metadata at {_address(connection)}: cannot connect "
                    f"({_last_words(error)}); check that the database runs, that this "
                    "network reaches it, and user and password"
                ) from error
            time.sleep(random.uniform(0, 1))
    raise AssertionError


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
    # For `localhost` its client looks for a socket instead of the port.
    host = url.hostname or "localhost"
    connection.mysql.host = "127.0.0.1" if host == "localhost" else host
    connection.mysql.port = url.port or 3306
    connection.mysql.database = url.path.lstrip("/")
    connection.mysql.user = unquote(url.username or "")
    connection.mysql.password = unquote(url.password or "")
    options = parse_qs(url.query)
    if ca := options.get("ssl_ca"):
        connection.mysql.ssl_options.ca = ca[-1]
    if options.get("skip_db_creation") == ["true"]:
        connection.mysql.skip_db_creation = True
    return connection


def _grpc(url: SplitResult) -> Connection:
    return metadata_store_pb2.MetadataStoreClientConfig(
        host=url.hostname, port=url.port
    )


def _address(connection: Connection) -> str:
    """Returns where a connection leads to, without user and password."""
    if isinstance(connection, metadata_store_pb2.MetadataStoreClientConfig):
        return f"{connection.host}:{connection.port}"
    if connection.HasField("mysql"):
        mysql = connection.mysql
        return f"{mysql.host}:{mysql.port}/{mysql.database}"
    return connection.sqlite.filename_uri


def _last_words(error: Exception) -> str:
    words = " ".join(str(error).split())
    # MySQL's client repeats the error, and leaves it empty if there is no server.
    _, _, last = words.rpartition("error:")
    return last.strip() or "no answer"
