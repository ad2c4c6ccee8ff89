"""Logs of a server of the tiny model, and what the model was trained on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from config.features import RawColumn

COLUMNS = {
    **dict.fromkeys(("device", "tags", "user", "history"), RawColumn(type="string")),
    **dict.fromkeys(("age", "price"), RawColumn(type="float")),
}


def as_client_row(row: dict[str, list[Any]]) -> dict[str, Any]:
    """A row as a person would give it: plain values, without what is no feature."""
    plain = {name: row[name] for name in COLUMNS if row.get(name)}
    lists = ("tags", "history")
    return {n: each if n in lists else each[0] for n, each in plain.items()}


@pytest.fixture(scope="session")
def columns() -> dict[str, RawColumn]:
    return COLUMNS


@pytest.fixture(scope="session")
def client_rows(tiny: Any) -> list[dict[str, Any]]:
    """What the tiny model was trained on, as a client gives it."""
    return [as_client_row(row) for row in tiny.rows]


@pytest.fixture(scope="session")
def log_of(
    tiny_models: Callable[[str], Any], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Sequence[dict[str, Any]], str], str]:
    """Asks a server about rows; gives the folder where it logged that."""
    from config.serving import RequestLog, Serving
    from serving.client import Client, Connection
    from serving.model_config import model_server_config
    from serving.server.server import Server

    def ask(rows: Sequence[dict[str, Any]], signature: Any = "tensors") -> str:
        folder = tmp_path_factory.mktemp("served")
        (folder / "models").mkdir()
        (folder / "models" / "1").symlink_to(tiny_models("linear").saved_model)
        log = RequestLog(sampling_rate=1.0, folder=str(folder / "requests"))
        settings = {"port": 0, "rest_port": None, "request_log": log}
        serving = Serving().model_copy(update=settings)
        base_path = str(folder / "models")
        server = Server(
            serving, lambda: model_server_config(serving, "tiny", base_path)
        )
        server.start()
        address = f"127.0.0.1:{server.port}"
        connection = Connection(batch_size=30)
        with Client(address, "tiny", signature, connection) as client:
            client.predict(rows)
        server.stop(grace=1)
        return str(folder / "requests")

    return ask


@pytest.fixture(scope="session")
def training_folder(tiny: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Statistics of what the model was trained on, as StatisticsGen leaves them."""
    import tensorflow_data_validation as tfdv

    folder = tmp_path_factory.mktemp("training")
    rows = [{name: row[name] for name in row if row[name]} for row in tiny.rows]
    _write_records(folder / "examples.tfrecord", tiny.as_examples(rows))
    (folder / "Split-train").mkdir()
    made = tfdv.generate_statistics_from_tfrecord(str(folder / "examples.tfrecord"))
    path = folder / "Split-train" / "FeatureStats.pb"
    path.write_bytes(made.SerializeToString())
    return folder


@pytest.fixture(scope="session")
def training(training_folder: Path) -> Any:
    import tensorflow_data_validation as tfdv

    return tfdv.load_stats_binary(
        str(training_folder / "Split-train" / "FeatureStats.pb")
    )


@pytest.fixture(scope="session")
def write_log() -> Callable[[Path, Sequence[bytes]], str]:
    return _write_records


def _write_records(path: Path, records: Sequence[bytes]) -> str:
    import tensorflow as tf

    with tf.io.TFRecordWriter(str(path)) as writer:
        for record in records:
            writer.write(record)
    return str(path)
