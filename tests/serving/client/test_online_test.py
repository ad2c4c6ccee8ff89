"""Two trained models behind labels; each user is answered by the right one."""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from config.errors import InputError
from ctr.cli import main
from serving.client import AsyncClient, Client, ServerError, Split, Target

SPLIT = Split({"canary": 0.4})


@dataclass(frozen=True)
class TwoVersions:
    """A server with two versions.

    Attributes:
      address: Where it listens.
      rows: Rows as a client gives them.
      users: Who asks, by row.
      expected: What the model of each row's label says about it.
      by_label: What the model of each label says about all.
    """

    address: str
    rows: list[dict[str, Any]]
    users: list[str]
    expected: np.ndarray
    by_label: dict[str, np.ndarray]


@pytest.fixture(scope="module")
def tested(
    tiny: Any,
    tiny_models: Callable[[str], Any],
    served: Any,
    tmp_path_factory: pytest.TempPathFactory,
    server_of: Callable[..., Any],
) -> Iterator[TwoVersions]:
    from serving.releases.labels import change_labels

    folder = tmp_path_factory.mktemp("online")
    models = {"stable": tiny_models("linear"), "canary": tiny_models("embedding_mlp")}
    for version, model in enumerate(models.values(), 1):
        shutil.copytree(model.saved_model, folder / "models" / str(version))
    change_labels(str(folder / "models"), {"stable": 1, "canary": 2})
    server = server_of("tiny", folder / "models")
    server.start()
    raw = tiny.rows[:50] + tiny.probe_rows
    by_label = {label: model.served(raw) for label, model in models.items()}
    users = [f"user{number % 20}" for number in range(len(raw))]
    yield TwoVersions(
        f"127.0.0.1:{server.port}",
        served.rows,
        users,
        np.array(
            [by_label[SPLIT.label_of(user)][n] for n, user in enumerate(users)],
        ),
        by_label,
    )
    server.stop(grace=0.2)


def test_the_two_differ(tested: TwoVersions):
    assert not np.allclose(tested.by_label["stable"], tested.by_label["canary"])
    assert {SPLIT.label_of(user) for user in tested.users} == {"stable", "canary"}


@pytest.mark.parametrize("signature", ["tensors", "examples"])
def test_each_user_is_answered_by_the_version_of_the_label(
    tested: TwoVersions, signature: Any
):
    with Client(tested.address, "tiny", signature) as client:
        found = [
            client.predict([row], label=SPLIT.label_of(user))[0]
            for row, user in zip(tested.rows, tested.users, strict=True)
        ]
        newest = client.predict(tested.rows)
    np.testing.assert_allclose(found, tested.expected, rtol=1e-5)
    np.testing.assert_allclose(newest, tested.by_label["canary"], rtol=1e-5)


def test_asyncio_too(tested: TwoVersions):
    async def ask() -> list[list[float]]:
        async with AsyncClient(tested.address, "tiny") as client:
            return await asyncio.gather(
                *(
                    client.predict([row], label=SPLIT.label_of(user))
                    for row, user in zip(tested.rows, tested.users, strict=True)
                )
            )

    found = [value for (value,) in asyncio.run(ask())]
    np.testing.assert_allclose(found, tested.expected, rtol=1e-5)


def test_features_are_asked_once_for_each_label(tested: TwoVersions):
    with Client(tested.address, "tiny") as client:
        versions = [client.features(label).version for label in ("stable", "canary")]
        for _ in range(2):
            client.predict(tested.rows[:1], label="stable")
            client.predict(tested.rows[:1], label="canary")
        assert client.features("stable") is client.features("stable")
    assert versions == [1, 2]


def test_a_label_that_is_not_there_is_one_line(tested: TwoVersions):
    with (
        Client(tested.address, "tiny") as client,
        pytest.raises(ServerError, match="Unrecognized servable version label: gone"),
    ):
        client.predict(tested.rows[:1], label="gone")


def test_a_version_and_a_label_are_one_too_many(tested: TwoVersions):
    with (
        Client(tested.address, Target("tiny", version=1)) as client,
        pytest.raises(InputError, match="got a version and a label"),
    ):
        client.predict(tested.rows[:1], label="stable")


# --- The command


@pytest.fixture
def predict(tested: TwoVersions) -> Callable[..., int]:
    def run(path: Path, *options: str) -> int:
        command = ["predict", "--server", tested.address, "--model", "tiny"]
        return main([*command, "--input", str(path), *options])

    return run


@pytest.fixture
def split_options() -> list[str]:
    return ["--split", "canary=0.4", "--by", "user_id", "--batch-size", "7"]


def write_json_lines(path: Path, tested: TwoVersions) -> None:
    rows = zip(tested.rows, tested.users, strict=True)
    lines = [json.dumps({**row, "user_id": user}, default=str) for row, user in rows]
    path.write_text("\n".join(lines))


def check(found: list[dict[str, Any]], tested: TwoVersions) -> None:
    assert [row["label"] for row in found] == list(map(SPLIT.label_of, tested.users))
    probabilities = [float(row["probability"]) for row in found]
    np.testing.assert_allclose(probabilities, tested.expected, rtol=1e-5)


def test_json_lines_are_split(
    predict: Any, tested: TwoVersions, tmp_path: Path, split_options: list[str]
):
    write_json_lines(tmp_path / "rows.jsonl", tested)
    out = tmp_path / "out.csv"
    options = [*split_options, "--keep", "user_id", "--output", str(out)]
    assert predict(tmp_path / "rows.jsonl", *options) == 0
    found = list(csv.DictReader(out.open()))
    assert list(found[0]) == ["user_id", "label", "probability"]
    assert [row["user_id"] for row in found] == tested.users
    check(found, tested)


def test_a_table_is_split(
    predict: Any, tested: TwoVersions, tmp_path: Path, split_options: list[str]
):
    names = ("device", "tags", "user", "age", "price")
    rows = [{name: row.get(name) for name in names} for row in tested.rows]
    table = pa.Table.from_pylist(rows).append_column("user_id", [tested.users])
    pq.write_table(table, tmp_path / "rows.parquet")
    out = tmp_path / "out.jsonl"
    options = [*split_options, "--output", str(out)]
    assert predict(tmp_path / "rows.parquet", *options) == 0
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert list(found[0]) == ["label", "probability"]
    check(found, tested)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--split", "canary=0.4"], "--split needs the column that has the users"),
        (["--by", "user_id"], "--by and --salt are of a --split"),
        (["--split", "canary=2", "--by", "u"], "split: canary: got 2; allowed: 0 to 1"),
        (
            ["--split", "gone=0.5", "--by", "user_id"],
            "Unrecognized servable version label: gone; set it by: ctr release label "
            "gone=VERSION",
        ),
        (["--split", "canary=0.5", "--by", "zz"], "no column 'zz' to keep"),
        (
            ["--split", "canary=0.5", "--by", "age", "--keep", "user_id"],
            "got float 31.0 as id; allowed: text or a whole number",
        ),
    ],
)
def test_wrong_use_is_one_line(
    predict: Any,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    words: str,
):
    path = tmp_path / "rows.csv"
    path.write_text("device,tags,user,age,price,user_id\na,,u,31,2,u1\n")
    assert predict(path, *options) in (1, 2)
    error = capsys.readouterr().err
    assert words in error
    assert len(error.splitlines()) == 1


@pytest.mark.parametrize("text", ["canary", "canary=x", "a=0.1,a=0.2"])
def test_shares_that_are_none_are_wrong_use(
    predict: Any, tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
):
    with pytest.raises(SystemExit) as ended:
        predict(tmp_path / "rows.csv", "--split", text, "--by", "u")
    assert ended.value.code == 2
    assert f"got {text!r}; allowed: LABEL=SHARE" in capsys.readouterr().err
