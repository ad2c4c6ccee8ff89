"""User to item: what the model itself says."""

from __future__ import annotations

import json

import numpy as np
import pytest

from config.errors import InputError
from config.examples import Splits
from config.load import to_yaml
from ctr import cli
from ctr.neighbors.best import find_best


@pytest.fixture(scope="module")
def trained(tiny_models):
    return tiny_models("wide_deep")


def _log():
    """Each user has one price; one device, a number, is new to the model."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(60):
        user = index % 6
        rows.append(
            {
                "device": ["7" if index == 7 else rng.choice(["phone", "tablet"])],
                "tags": [str(tag) for tag in rng.choice(["x", "y", "z"], index % 3)],
                "user": [f"u{user}"],
                "history": ["phone", "tablet"] * (index % 4),
                "age": [float(rng.integers(20, 60))] if index % 5 else [],
                "price": [2.0 * user],
            }
        )
    return rows


@pytest.fixture(scope="module")
def log(tmp_path_factory, tiny, write_records):
    """The rows of a log, and a configuration that reads it."""
    folder = tmp_path_factory.mktemp("log")
    rows = _log()
    write_records(folder / "train.gz", tiny.as_examples(rows[:40]))
    write_records(folder / "eval.gz", tiny.as_examples(rows[40:]))
    splits = Splits(train="train.gz", eval="eval.gz")
    examples = tiny.config.examples.model_copy(
        update={"root": str(folder), "format": "tfrecord", "splits": splits}
    )
    return rows, tiny.config.model_copy(update={"examples": examples})


@pytest.fixture
def ask(trained, log):
    _, config = log

    def _ask(feature, *given, top=10):
        return find_best(config, trained.saved_model, feature, given, top)

    return _ask


def _as_scored(best):
    return {scored.value: scored.probability for scored in best.best}


def test_scores_are_those_of_the_model_in_the_last_example(ask, trained, log):
    rows, _ = log
    context = [row for row in rows if row["device"] == ["phone"]][-1]
    users = [f"u{number}" for number in range(6)]
    asked = [
        {**context, "user": [user], "price": [2.0 * number]}
        for number, user in enumerate(users)
    ]
    expected = dict(zip(users, trained.served(asked), strict=True))

    best = ask("user", "device=phone")
    assert _as_scored(best) == pytest.approx(expected, abs=1e-5)
    scores = [scored.probability for scored in best.best]
    assert scores == sorted(scores, reverse=True)
    assert best.described_by == ["price"]
    assert best.context == {
        "tags": tuple(context["tags"]) or None,
        "history": tuple(context["history"]) or None,
        "age": context["age"][0] if context["age"] else None,
    }


def test_what_is_given_replaces_what_the_example_has(ask, trained, log):
    rows, _ = log
    context = [row for row in rows if row["user"] == ["u3"]][-1]
    asked = [
        {**context, "device": [device], "age": [33.0], "tags": ["y"], "price": []}
        for device in ("phone", "tablet", "7")
    ]
    expected = trained.served(asked)

    best = ask("device", "user=u3", "age=33", "tags=y", "price=")
    assert _as_scored(best) == pytest.approx(
        dict(zip(("phone", "tablet", "7"), expected, strict=True)), abs=1e-5
    )
    assert best.given == {"user": "u3", "age": 33.0, "tags": ("y",), "price": None}
    assert best.described_by == []
    assert best.context == {"history": ("phone", "tablet")}


def test_what_describes_the_user_is_not_taken_from_the_item(ask):
    """The price follows from the user, so no device has a price of its own."""
    assert ask("device", "user=u3").described_by == []
    assert ask("device", "user=u3").context["price"] == 6.0


def test_values_outside_the_vocabulary_are_marked(ask):
    known = {scored.value: scored.known for scored in ask("device", "user=u1").best}

    assert known == {"phone": True, "tablet": True, "7": False}


def test_a_number_is_asked_for_in_any_notation(ask):
    given = ask("user", "device=0.7E1", "age=3.3e1").given
    assert given == {"device": "7", "age": 33.0}


def test_no_more_than_asked_for(ask):
    best = ask("user", "device=phone", top=2)

    assert len(best.best) == 2
    assert best.candidates == 6
    assert all(scored.known for scored in best.best)


@pytest.mark.parametrize(
    ("feature", "given", "message"),
    [
        ("user", ["device"], "--for device: expected FEATURE=VALUE"),
        ("user", ["devise=phone"], "no such feature; did you mean 'device'"),
        ("user", ["device=phones"], "no example has 'phones'; did you mean 'phone'"),
        ("user", ["device=phone", "tags=q"], "--for tags: no example has 'q'"),
        ("user", ["device="], "--for device: no example has just this value"),
        ("user", ["age=17"], "--for age: no example has just this value"),
        ("user", ["age=old"], "--for age=old: .* 'old'"),
        ("user", ["device=1.0E20"], "--for device=1.0E20: "),
        ("user", ["user=u1"], "--for user=u1: its values are what --feature asks for"),
        ("usr", ["device=phone"], "--feature usr: .* did you mean 'user'"),
        ("age", ["device=phone"], "--feature age: it is a number"),
        ("tags", ["device=phone"], "--feature tags: it is multi-valued"),
    ],
)
def test_what_cannot_be_asked_is_told(ask, feature, given, message):
    with pytest.raises(InputError, match=message):
        ask(feature, *given)


def test_a_model_of_another_configuration_is_told(trained, log):
    _, config = log
    features = {name: config.features[name] for name in ("device", "user")}
    fewer = config.model_copy(update={"features": features})

    told = "this model takes age, history, price, tags, which"
    with pytest.raises(InputError, match=told):
        find_best(fewer, trained.saved_model, "user", ["device=phone"], 3)


@pytest.fixture
def arguments(log, trained, tmp_path):
    """The command line, but for the question."""
    _, config = log
    (tmp_path / "pipeline.yaml").write_text(to_yaml(config))
    options = ["-c", str(tmp_path / "pipeline.yaml"), "--model-dir"]
    return ["neighbors", *options, str(trained.saved_model)]


def test_json_is_all_that_is_printed(arguments, ask, capsys):
    question = ["--feature", "user", "--for", "device=phone", "--top", "2", "--json"]
    assert cli.main([*arguments, *question]) == 0
    answer = json.loads(capsys.readouterr().out)

    best = ask("user", "device=phone", top=2)
    assert answer["given"] == {"device": "phone"}
    assert [scored["value"] for scored in answer["best"]] == [
        scored.value for scored in best.best
    ]
    assert answer["described_by"] == ["price"]


def test_the_table_says_what_the_model_was_told(arguments, capsys):
    question = ["--feature", "device", "--for", "user=u1", "--for", "tags=x"]
    assert cli.main([*arguments, *question]) == 0
    lines = capsys.readouterr().out.splitlines()

    assert lines[0].startswith("The 3 of 3 values of device that version")
    assert lines[0].endswith("scores highest for user=u1, tags=x")
    assert any("7" in line and "not in the vocabulary" in line for line in lines)
    assert lines[-2] == "Of each device, as in its examples: nothing."
    assert lines[-1].startswith("As in the last example with user=u1: history=")
    assert lines[-1].endswith("price=2.")
