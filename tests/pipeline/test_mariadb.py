"""ML Metadata in MariaDB: several writers, lost connections, rights, and a move."""

from __future__ import annotations

import subprocess
import sys

import pytest
from ml_metadata.proto import metadata_store_pb2

import pipeline.metadata
from config.errors import RunError
from config.ports import bind, port_of
from kubeflow.task import create_metadata
from pipeline.metadata import connection_to, open_store
from pipeline.review.records import RecordStore
from serving.releases.records import ReleaseRecord
from tests import mariadb


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with mariadb.serve(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture
def database(server, request):
    """An empty database, named after the test."""
    name = request.node.name.split("[")[0]
    server.create(name)
    return name


@pytest.fixture
def few_attempts(monkeypatch):
    monkeypatch.setattr(pipeline.metadata, "_ATTEMPTS", 2)


_WRITER = """
import sys
from ml_metadata.proto import metadata_store_pb2
from pipeline.metadata import connection_to, open_store

url, writer, writes = sys.argv[1], sys.argv[2], int(sys.argv[3])
sys.stdin.readline()
store = open_store(connection_to(url))
kind = store.put_context_type(metadata_store_pb2.ContextType(name="pipeline_run"))
for index in range(writes):
    name = f"{writer}-{index}"
    store.put_contexts([metadata_store_pb2.Context(type_id=kind, name=name)])
"""


def write_at_once(url, writers, writes):
    """Runs processes that connect and write at the same time."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, url, str(writer), str(writes)],
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for writer in range(writers)
    ]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors


def test_two_processes_may_meet_an_empty_database(server, database):
    write_at_once(server.url(database), writers=2, writes=1)

    store = open_store(connection_to(server.url(database)))
    assert {run.name for run in store.get_contexts()} == {"0-0", "1-0"}


def test_four_processes_may_write_at_once(server, database):
    open_store(connection_to(server.url(database)))
    write_at_once(server.url(database), writers=4, writes=50)

    store = open_store(connection_to(server.url(database)))
    names = {run.name for run in store.get_contexts_by_type("pipeline_run")}
    assert names == {f"{writer}-{index}" for writer in range(4) for index in range(50)}


def test_a_lost_connection_fails_one_call(server, database):
    store = open_store(connection_to(server.url(database)))
    kind = store.put_context_type(metadata_store_pb2.ContextType(name="pipeline"))
    store.put_contexts([metadata_store_pb2.Context(type_id=kind, name="before")])
    (connected,) = server.query(
        "SELECT id FROM information_schema.processlist WHERE user = 'owner'"
    ).split()
    server.query(f"KILL {connected}")

    with pytest.raises(Exception, match=r"(?i)lost|gone|killed"):
        store.put_contexts([metadata_store_pb2.Context(type_id=kind, name="during")])
    again = open_store(connection_to(server.url(database)))
    assert [context.name for context in again.get_contexts()] == ["before"]


def test_a_user_without_rights_to_create_tables(
    server, database, few_attempts, monkeypatch, capsys
):
    url = server.url(database, "writer", "?skip_db_creation=true")
    with pytest.raises(RunError, match=r"(?i)denied"):
        open_store(connection_to(url))

    monkeypatch.setenv("CTR_METADATA", server.url(database) + "\n")
    assert create_metadata.main() == 0
    write_at_once(url, writers=1, writes=1)
    assert capsys.readouterr().out.count("\n") == 1


def test_a_database_that_cannot_be_reached_is_named(
    server, database, few_attempts, monkeypatch, capsys
):
    wrong_password = server.url(database).replace("hush", "guess")
    with bind("127.0.0.1") as nobody:
        unreachable = f"mysql://owner:guess@localhost:{port_of(nobody)}/mlmd"
        for url in (wrong_password, unreachable):
            monkeypatch.setenv("CTR_METADATA", url)
            assert create_metadata.main() == 1
            line = capsys.readouterr().err.splitlines()[-1]
            assert url.split("@")[1].replace("localhost", "127.0.0.1") in line
            assert "guess" not in line


def test_records_move_with_the_database(server, database):
    """Those in the database of Kubeflow's own service, too."""
    store = open_store(connection_to(server.url(database)))
    for name in ("pipeline", "pipeline_run"):
        kind = store.put_context_type(metadata_store_pb2.ContextType(name=name))
        store.put_contexts([metadata_store_pb2.Context(type_id=kind, name="ads")])
    record = ReleaseRecord(status="released", run="ads", digest="d", version=7)
    RecordStore(connection_to(server.url(database)), "ads").add(record)
    server.create("moved")
    server.copy(database, "moved")

    moved = RecordStore(
        connection_to(server.url("moved", "writer", "?skip_db_creation=true")), "ads"
    )
    (found,) = moved.history().releases
    assert (found.run, found.digest, found.version) == ("ads", "d", 7)
