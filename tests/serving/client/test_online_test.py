"""Two trained models behind labels; each user is answered by the right one."""

from __future__ import annotations

import asyncio
import csv
import json
import shutil
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from config.errors import InputError
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
      newest: What the newest version says about all.
    """

    address: str
    rows: list[dict[str, Any]]
    users: list[str]
    expected: np.ndarray
    newest: np.ndarray


@pytest.fixture(scope="module")
def tested(tiny, tiny_models, served, tmp_path_factory, serving):
    from serving.releases.labels import change_labels

    folder = tmp_path_factory.mktemp("online") / "models"
    stable, canary = tiny_models("linear"), tiny_models("wide_deep")
    for version, model in enumerate((stable, canary), 1):
        shutil.copytree(model.saved_model, folder / str(version))
    change_labels(str(folder), {"stable": 1, "canary": 2})
    transformed = tiny.transformed[:50] + tiny.transformed_probes
    users = [f"user{number % 20}" for number in range(len(transformed))]
    newest = canary.probabilities(transformed)
    is_canary = [SPLIT.label_of(user) == "canary" for user in users]
    expected = np.where(is_canary, newest, stable.probabilities(transformed))
    assert 0 < sum(expected != newest) < len(users)
    with serving("tiny", folder) as server:
        address = f"127.0.0.1:{server.port}"
        yield TwoVersions(address, served.rows, users, expected, newest)


@pytest.mark.parametrize("signature", ["tensors", "examples"])
def test_each_user_is_answered_by_the_version_of_the_label(tested, signature):
    with Client(tested.address, "tiny", signature) as client:
        found = [
            client.predict([row], label=SPLIT.label_of(user))[0]
            for row, user in zip(tested.rows, tested.users, strict=True)
        ]
        newest = client.predict(tested.rows)
    np.testing.assert_allclose(found, tested.expected, rtol=0, atol=1e-5)
    np.testing.assert_allclose(newest, tested.newest, rtol=0, atol=1e-5)


def test_asyncio_too(tested):
    async def ask():
        async with AsyncClient(tested.address, "tiny") as client:
            return await asyncio.gather(
                *(
                    client.predict([row], label=SPLIT.label_of(user))
                    for row, user in zip(tested.rows, tested.users, strict=True)
                )
            )

    found = [value for (value,) in asyncio.run(ask())]
    np.testing.assert_allclose(found, tested.expected, rtol=0, atol=1e-5)


def test_an_unknown_label_is_an_error(tested):
    with (
        Client(tested.address, "tiny") as client,
        pytest.raises(ServerError, match="gone"),
    ):
        client.predict(tested.rows[:1], label="gone")


def test_a_version_and_a_label_exclude_each_other(tested):
    with (
        Client(tested.address, Target("tiny", version=1)) as client,
        pytest.raises(InputError),
    ):
        client.predict(tested.rows[:1], label="stable")


# --- The command


@pytest.fixture
def predict(tested, ctr_predict):
    return lambda *arguments: ctr_predict(tested.address, *arguments)


SPLIT_OPTIONS = ("--split", "canary=0.4", "--by", "user_id", "--batch-size", "7")


def check(found, tested):
    assert [row["label"] for row in found] == list(map(SPLIT.label_of, tested.users))
    probabilities = [float(row["probability"]) for row in found]
    np.testing.assert_allclose(probabilities, tested.expected, rtol=0, atol=1e-5)


def test_json_lines_are_split(predict, tested, tmp_path):
    path, out = tmp_path / "rows.jsonl", tmp_path / "out.csv"
    rows = zip(tested.rows, tested.users, strict=True)
    lines = [json.dumps({**row, "user_id": user}) for row, user in rows]
    path.write_text("\n".join(lines))

    options = [*SPLIT_OPTIONS, "--keep", "user_id", "--output", str(out)]
    assert predict(path, *options) == 0
    found = list(csv.DictReader(out.open()))
    assert list(found[0]) == ["user_id", "label", "probability"]
    assert [row["user_id"] for row in found] == tested.users
    check(found, tested)


def test_a_table_is_split(predict, tested, served, tmp_path):
    path, out = tmp_path / "rows.parquet", tmp_path / "out.jsonl"
    pq.write_table(served.table.append_column("user_id", [tested.users]), path)

    assert predict(path, *SPLIT_OPTIONS, "--output", str(out)) == 0
    found = [json.loads(line) for line in out.read_text().splitlines()]
    assert list(found[0]) == ["label", "probability"]
    check(found, tested)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        (["--split", "canary=0.4"], ["--by"]),
        (["--by", "user_id"], ["--split"]),
        (["--split", "canary=2", "--by", "u"], ["canary", "2", "0 to 1"]),
        (
            ["--split", "gone=0.5", "--by", "user_id"],
            ["ctr release label gone=VERSION"],
        ),
        (["--split", "canary=0.5", "--by", "zz"], ["'zz'"]),
        (
            ["--split", "canary=0.5", "--by", "age", "--keep", "user_id"],
            ["31.0", "float"],
        ),
    ],
)
def test_wrong_use_is_an_error(predict, rejected, tmp_path, options, named):
    path = tmp_path / "rows.csv"
    path.write_text("device,tags,user,age,price,history,user_id\na,,u,31,2,,u1\n")

    error = rejected(predict(path, *options))
    assert all(word in error for word in named)


@pytest.mark.parametrize("text", ["canary", "canary=x", "a=0.1,a=0.2"])
def test_malformed_shares_are_rejected(predict, tmp_path, text, capsys):
    with pytest.raises(SystemExit) as ended:
        predict(tmp_path / "rows.csv", "--split", text, "--by", "u")
    assert ended.value.code == 2
    assert repr(text) in capsys.readouterr().err
