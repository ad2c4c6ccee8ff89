"""Where ML Metadata is; TFX could say so too, but takes seconds to be imported."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from ml_metadata.proto import metadata_store_pb2

from pipeline.config import Config
from pipeline.workdir import WorkDir


def connection_config(
    config: Config, work_dir: WorkDir
) -> metadata_store_pb2.ConnectionConfig:
    """The connection to ML Metadata: SQLite, or MySQL where one is configured."""
    connection = metadata_store_pb2.ConnectionConfig()
    if config.metadata.mysql is None:
        connection.sqlite.filename_uri = str(work_dir.metadata)
        connection.sqlite.connection_mode = (
            metadata_store_pb2.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        )
        return connection
    url = urlsplit(config.metadata.mysql)
    connection.mysql.host = url.hostname or "localhost"
    connection.mysql.port = url.port or 3306
    connection.mysql.database = url.path.lstrip("/")
    connection.mysql.user = unquote(url.username or "")
    connection.mysql.password = unquote(url.password or "")
    return connection
