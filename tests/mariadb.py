"""A MariaDB server on loopback."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.ports import bind, port_of

_START_SECONDS = 60


class MariaDb:
    """A server with users `owner` and `writer`; the latter may not create tables.

    Attributes:
      host: `HOST:PORT`.
    """

    def __init__(self, folder: Path, port: int):
        self.host = f"127.0.0.1:{port}"
        self._client = ["mariadb", "--no-defaults", f"--socket={folder / 'socket'}"]
        self._dump = ["mariadb-dump", *self._client[1:], "--user=root"]

    def query(self, text: str) -> str:
        """Runs SQL as root; returns the rows."""
        command = [*self._client, "--user=root", "--batch", "--skip-column-names"]
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, check=True
        )
        return done.stdout

    def create(self, database: str) -> None:
        """Makes an empty database for the users."""
        rights = "SELECT, INSERT, UPDATE, DELETE"
        self.query(
            f"CREATE DATABASE {database};"
            f"GRANT ALL ON {database}.* TO owner@'%' IDENTIFIED BY 'hush';"
            f"GRANT {rights} ON {database}.* TO writer@'%' IDENTIFIED BY 'hush';"
        )

    def copy(self, source: str, target: str) -> None:
        """Copies a database, as docs/kubeflow.md says."""
        dump = subprocess.run(
            [*self._dump, "--single-transaction", source],
            capture_output=True,
            text=True,
            check=True,
        )
        self.query(f"USE {target};\n{dump.stdout}")

    def url(self, database: str, user: str = "owner", options: str = "") -> str:
        """A URL of ML Metadata."""
        return f"mysql://{user}:hush@{self.host}/{database}{options}"


@contextmanager
def serve(folder: Path) -> Iterator[MariaDb]:
    """Starts a server in an empty folder."""
    if shutil.which("mariadbd") is None:
        pytest.skip("there is no mariadbd")
    data = folder / "data"
    install = ["mariadb-install-db", "--no-defaults", f"--datadir={data}"]
    options = ["--auth-root-authentication-method=normal", "--skip-test-db"]
    user = "--user=root"
    subprocess.run([*install, *options, user], check=True, capture_output=True)
    with bind("127.0.0.1") as reserved:
        database = MariaDb(folder, port_of(reserved))
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    *("mariadbd", "--no-defaults", user, f"--datadir={data}"),
                    *(f"--socket={folder / 'socket'}", "--bind-address=127.0.0.1"),
                    f"--port={port_of(reserved)}",
                ],
                stdout=log,
                stderr=log,
            )
        try:
            _wait(database, folder / "log")
            yield database
        finally:
            process.terminate()
            process.wait()


def _wait(database: MariaDb, log: Path) -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            database.query("SELECT 1")
            return
        except subprocess.CalledProcessError:
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
