"""Features of any name, from the examples to the answers of a server."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from config.columns import bucket_name
from config.names import tensor_name
from config.serving import Serving
from serving.client import Client
from serving.local_server import LocalServer

pytestmark = pytest.mark.slow

LABEL = "Clicked on Ad?"
TEXTS = [
    "City Name",
    "Device.Type",
    "self",
    "examples",
    "a",
    "A",
    'a/"b"',
    "x: 1, y=2",
    "城市 😀",
    "a question of a survey, and a long one " * 8,
]
HASHED = ["class", "probability", "inputs", "utf8__City_20Name"]
NUMBERS = ["Preis (€)", "2nd"]
TAGS = "tag list"
EXTRA = "extra €"
VALUES = ["x", "y", "z, w"]
# Rows of the eval split whose values are not in the training split.
NEW_ROWS = 100

CONFIG: dict[str, Any] = {
    "name": "small",
    "examples": {
        "splits": {"train": "train.csv", "eval": "eval.csv"},
        "extra_columns": [EXTRA],
    },
    "label": {"column": LABEL},
    "features": {
        **{name: {"kind": "categorical"} for name in TEXTS},
        **{name: {"kind": "hashed", "buckets": 10} for name in HASHED},
        NUMBERS[0]: {"kind": "numeric", "buckets": 4, "missing_indicator": True},
        NUMBERS[1]: {"kind": "numeric", "boundaries": [30, 60]},
        TAGS: {"kind": "categorical", "delimiter": "|"},
    },
    "crosses": [["City Name", "self"], ["Preis (€)", "城市 😀"]],
    "model": {"embedding_size": 2, "wide_deep": {"hidden_units": [4]}},
    "training": {
        "epochs": 1,
        "warm_start": {"model": "last_release"},
        "export_embeddings": ["City Name", 'a/"b"'],
    },
    "evaluation": {
        "slices": [["City Name"], [EXTRA], ["x: 1, y=2", "examples"]],
        "group_by": "class",
    },
    "gates": [
        {"metric": "auc", "min": 0, "slice": {"City Name": "z, w"}, "min_examples": 1},
        {"metric": "auc", "min_change": -1},
    ],
    "infra_validation": {"rows": 50},
    "release": {"approval": "automatic"},
}


def write_rows(path: Path, count: int) -> None:
    chosen = random.Random(path.name)
    names = [*TEXTS, *HASHED, EXTRA]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow([LABEL, *names, *NUMBERS, TAGS])
        for _ in range(count):
            texts = [chosen.choice(VALUES) for _ in names]
            numbers = [chosen.choice(["", chosen.uniform(0, 100)]) for _ in NUMBERS]
            tags = "|".join(chosen.sample(["p", "q", "r"], chosen.randint(0, 3)))
            click = chosen.random() < 0.2 + 0.4 * (texts[0] == "x")
            writer.writerow([int(click), *texts, *numbers, tags])


def add_new_rows(path: Path) -> None:
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        texts = ["new"] * len([*TEXTS, *HASHED, EXTRA])
        for row in range(NEW_ROWS):
            writer.writerow([row % 2, *texts, *[1000.0] * len(NUMBERS), "new"])


def read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory, problem_of: Any) -> Any:
    """A problem whose first run was released."""
    data = tmp_path_factory.mktemp("data")
    write_rows(data / "train.csv", 400)
    write_rows(data / "eval.csv", 200)
    add_new_rows(data / "eval.csv")
    problem = problem_of(data, CONFIG)
    result = problem.run()
    assert result.returncode == 0, result.stdout + result.stderr
    return problem


@pytest.fixture(scope="module")
def rows(named: Any) -> list[dict[str, str]]:
    return read_rows(named.data / "eval.csv")


@pytest.fixture(scope="module")
def report(named: Any) -> dict[str, Any]:
    return json.loads((named.work_dir / "latest" / "report.json").read_text())


def client_row(row: dict[str, str]) -> dict[str, Any]:
    """A row as a client has it."""
    values: dict[str, Any] = {name: row[name] for name in (*TEXTS, *HASHED)}
    numbers = {name: float(row[name]) if row[name] else None for name in NUMBERS}
    return {**values, **numbers, TAGS: row[TAGS].split("|") if row[TAGS] else []}


def test_slices_and_gates_have_the_users_names(named, rows):
    metrics = named.summary()["metrics"]

    for name, values in {"City Name": VALUES, EXTRA: VALUES}.items():
        for value in values:
            shown = f'{name}="{value}"' if "," in value else f"{name}={value}"
            count = sum(row[name] == value for row in rows)
            assert metrics[shown]["examples"] == count
    both = metrics['examples=x, "x: 1, y=2"=y']["examples"]
    assert both == sum(
        row["examples"] == "x" and row["x: 1, y=2"] == "y" for row in rows
    )
    first, *_ = named.summary()["reasons"]
    assert first.startswith('passed: City Name="z, w": auc >= 0')


def test_the_report_has_the_users_names(named, report):
    features = set(CONFIG["features"])
    importances = {each["feature"] for each in report["importances"]["features"]}
    statistics = {each["name"] for each in report["data"]["features"]}
    titles = {each["column"] for each in report["wide_weights"]["heaviest"]}

    assert importances == features
    assert statistics == {*features, EXTRA, LABEL}
    crossed = {"City Name_x_self", "Preis (€)_x_城市 😀"}
    assert titles <= {*features, *crossed, "Preis (€)_bucket", "2nd_bucket"}
    page = (named.work_dir / "latest" / "report.html").read_text(encoding="utf-8")
    assert "utf8__" not in page.replace("utf8__City_20Name", "")


def test_what_is_new_in_the_eval_split_is_told_and_does_not_stop_the_run(named):
    anomalies = named.summary()["anomalies"]

    told = {each["feature"]: each["words"] for each in anomalies}
    assert set(told) == {*CONFIG["features"], EXTRA}
    assert {(each["split"], each["is_error"]) for each in anomalies} == {
        ("eval", False)
    }
    assert all("'new' (33.3%)" in told[name] for name in (*TEXTS, *HASHED, EXTRA))
    assert all("1000" in told[name] for name in NUMBERS)
    text = (named.work_dir / "latest" / "report.txt").read_text(encoding="utf-8")
    page = (named.work_dir / "latest" / "report.html").read_text(encoding="utf-8")
    assert "warning" in text
    assert "33.3%" in text
    assert "33.3%" in page


def transformed(named: Any, rows: list[dict[str, str]]) -> dict[str, np.ndarray]:
    """What the Transform of the released model makes of rows."""
    examples = []
    for row in rows:
        example = tf.train.Example()
        for name in (*TEXTS, *HASHED):
            example.features.feature[name].bytes_list.value.append(row[name].encode())
        for name in NUMBERS:
            number = [float(row[name])] if row[name] else []
            example.features.feature[name].float_list.value.extend(number)
        examples.append(example.SerializeToString())
    model = tf.saved_model.load(named.summary()["model_dir"])
    columns = model.signatures["transform_features"](tf.constant(examples))
    return {name: tensor.numpy().ravel() for name, tensor in columns.items()}


def test_transform_learns_from_the_training_split_alone(named):
    train = read_rows(named.data / "train.csv")
    unseen = {**train[0], **dict.fromkeys(TEXTS, "new")}
    neither = {**train[0], **dict.fromkeys(TEXTS, "in neither split")}
    columns = transformed(named, [*train, unseen, neither])

    ids = columns[tensor_name("City Name")]
    assert ids[-2] == ids[-1]
    assert ids[-1] not in ids[:-2]
    price = NUMBERS[0]
    prices = [float(row[price]) for row in train if row[price]]
    expected = (prices - np.mean(prices)) / np.std(prices)
    present = np.array([bool(row[price]) for row in train])
    scaled = columns[tensor_name(price)][: len(train)]
    np.testing.assert_allclose(scaled[present], expected, atol=1e-3)
    buckets = columns[tensor_name(bucket_name(price))][: len(train)][present]
    _, counts = np.unique(buckets, return_counts=True)
    assert counts / len(prices) == pytest.approx(np.full(4, 0.25), abs=0.05)


def test_a_server_and_its_client_take_the_users_names(named, rows, tmp_path):
    asked = [client_row(row) for row in rows[:40]]
    models = named.work_dir / "models" / "small"
    with LocalServer(Serving(), "small", models, tmp_path) as server:
        server.wait_until_available(60)
        with Client(server.address, "small") as client:
            assert set(client.features().features) == set(CONFIG["features"])
            by_tensors = client.predict(asked)
        with Client(server.address, "small", signature="examples") as client:
            by_examples = client.predict(asked)
    assert len(set(np.round(by_tensors, 4))) > 10
    np.testing.assert_allclose(by_tensors, by_examples, rtol=1e-5)


def test_the_loader_of_tensorflow_serving_finds_the_users_names(named):
    model = named.summary()["model_dir"]
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        graph = tf.compat.v1.saved_model.load(session, ["serve"], model)
        signature = graph.signature_def["predict"]
        assert set(signature.inputs) == set(CONFIG["features"])
        feed = {
            info.name: np.full([1] * len(info.tensor_shape.dim), "x", object)
            if info.dtype == tf.string.as_datatype_enum
            else np.array([1.0], np.float32)
            for info in signature.inputs.values()
        }
        (answer,) = session.run(signature.outputs["probability"].name, feed)
    assert 0 < answer < 1


def test_the_next_run_starts_from_the_release_and_is_compared_with_it(named):
    result = named.run("--set", "training.seed=2")
    assert result.returncode == 0, result.stdout + result.stderr

    log = (named.work_dir / "latest" / "run.log").read_text(encoding="utf-8")
    (line,) = (each for each in log.splitlines() if "weights taken over" in each)
    taken, of, weights = line.split("weights taken over")[0].split()[-3:]
    assert (of, taken) == ("of", weights)
    assert "starts anew" not in log
    reasons = named.summary()["reasons"]
    assert any(each.startswith("passed: overall: change of auc") for each in reasons)


def test_new_values_of_error_severity_stop_the_run(named):
    result = named.run("--set", "validation.anomalies.new_values=error")
    assert result.returncode == 3, result.stdout + result.stderr
    summary = named.summary()
    assert "'City Name'" in summary["reasons"][0]
    is_error = {each["feature"]: each["is_error"] for each in summary["anomalies"]}
    assert is_error["City Name"]
    assert not is_error[NUMBERS[0]]
    assert "Transform" not in {each["id"] for each in summary["components"]}
