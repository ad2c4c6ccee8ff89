"""Connections to ML Metadata are those that TFX would make."""

from __future__ import annotations

from pathlib import Path

import pytest
from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata

from config.errors import ConfigError
from config.root import Config
from pipeline.metadata import connection_config, connection_to
from pipeline.workdir import WorkDir

CONFIG = {
    "name": "ads",
    "examples": {"splits": {"train": "train.csv", "eval": "eval.csv"}},
    "label": {"column": "click"},
    "features": {"device": {"kind": "categorical"}},
}


def connection(**blocks):
    config = Config.model_validate({**CONFIG, **blocks})
    return connection_config(config, WorkDir(Path("/runs/ads")))


def test_the_default_is_sqlite_in_the_work_directory(tmp_path):
    config = Config.model_validate(CONFIG)
    work_dir = WorkDir(tmp_path)
    expected = metadata.sqlite_metadata_connection_config(str(work_dir.metadata))
    assert connection_config(config, work_dir) == expected


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("mysql://ann:secret@db:3307/mlmd", ("db", 3307, "mlmd", "ann", "secret")),
        ("mysql://ann:a%40b@db/mlmd", ("db", 3306, "mlmd", "ann", "a@b")),
        ("mysql://ann:a@b@db/mlmd", ("db", 3306, "mlmd", "ann", "a@b")),
        ("mysql://ann@db/mlmd", ("db", 3306, "mlmd", "ann", "")),
        ("mysql://ann:x@[::1]:3307/mlmd", ("::1", 3307, "mlmd", "ann", "x")),
    ],
)
def test_a_mysql_database_by_its_url(url, parts):
    expected = metadata.mysql_metadata_connection_config(*parts)
    assert connection(metadata={"mysql": url}) == expected


def test_options_of_a_mysql_database():
    options = "?ssl_ca=/certs/ca.pem&skip_db_creation=true"
    found = connection(metadata={"mysql": f"mysql://ann:x@db/mlmd{options}"}).mysql
    assert (found.ssl_options.ca, found.skip_db_creation) == ("/certs/ca.pem", True)
    assert not connection_to("mysql://ann:x@db/mlmd").mysql.skip_db_creation


def test_localhost_is_its_port_and_no_socket():
    assert connection_to("mysql://ann:x@localhost/mlmd").mysql.host == "127.0.0.1"


def test_a_server_by_its_address():
    expected = metadata_store_pb2.MetadataStoreClientConfig(host="mlmd", port=8080)
    assert connection(metadata={"grpc": "mlmd:8080"}) == expected


def test_a_file_by_its_url():
    expected = metadata.sqlite_metadata_connection_config("/volume/metadata.sqlite")
    assert connection_to("sqlite:///volume/metadata.sqlite") == expected


@pytest.mark.parametrize(
    "url",
    [
        "mysql://ann:hunter2@db",
        "mysql://ann:hunter/2@db/mlmd",
        "mysql://db/mlmd?password=hunter2",
        "mysql://ann:hunter2@db/mlmd?skip_db_creation=yes",
        "postgresql://ann:hunter2@db/mlmd",
        "hunter2",
    ],
)
def test_an_error_about_a_url_does_not_quote_it(url):
    with pytest.raises(ConfigError, match=r"grpc://HOST:PORT") as caught:
        connection_to(url)
    assert "hunter" not in str(caught.value)
