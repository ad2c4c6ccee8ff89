"""Warm start: day 2's model has day 1's weights, by term, before its first step."""

from __future__ import annotations

import dataclasses
import logging
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import tensorflow as tf

from config.errors import InputError
from config.training import WarmStart
from trainer.data.inputs import IdInput
from trainer.fit.classifier import build_classifier
from trainer.models import MODELS
from trainer.warm_start.files import INPUTS_FILE, pinned
from trainer.warm_start.start import warm_start
from trainer.warm_start.vectors import read_vectors

# The first id of each column with a vocabulary is that of a missing value; then there
# are the terms, by falling frequency, and the ids of unknown ones: 1 and 2.
DAY_1 = {"device": ["phone", "tablet"], "tags": ["x", "y", "z"]}
DAY_2 = {"device": ["tv", "tablet", "watch"], "tags": ["w", "z", "v", "x", "b"]}
# The column whose vocabulary a sequence has.
LIKE = {"history": "device"}


@pytest.fixture(scope="session")
def next_day(tiny, tiny_of):
    """Day 2: the tiny problem with other devices and tags, new ones among them."""
    rng = np.random.default_rng(1)
    rows = []
    for row in tiny.rows:
        device = rng.choice(DAY_2["device"], p=[0.5, 0.3, 0.2])
        shares = [0.3, 0.25, 0.2, 0.15, 0.1]
        tags = rng.choice(DAY_2["tags"], len(row["tags"]), p=shares)
        history = rng.choice(DAY_2["device"], len(row["history"]))
        new = {"device": [device], "tags": tags, "history": history}
        rows.append({**row, **{name: list(map(str, new[name])) for name in new}})
    day = tiny_of("next_day", rows)
    for name, terms in DAY_2.items():
        found = day.transform.vocabulary_by_name(name)
        assert found == [term.encode() for term in terms], "a vocabulary of its own"
    return day


@pytest.fixture
def build(tiny):
    """A function: a new model for columns, of a kind and with changed settings."""

    def build(kind, inputs, **settings):
        model = tiny.config.model.model_copy(update={"kind": kind})
        block = model.settings.model_copy(update=settings)
        return build_classifier(kind, block, inputs, tiny.config.training)

    return build


@pytest.fixture
def start(next_day, caplog):
    """A function: starts a model from another one; gives what was logged."""

    def start(new, base, day=next_day, inputs=None, **settings):
        configured = WarmStart(**settings or {"model": "last_release"})
        caplog.clear()
        with caplog.at_level(logging.INFO, logger="trainer.warm_start"):
            warm_start(
                new,
                configured,
                inputs or day.inputs,
                day.transform,
                base and str(base),
            )
        return [record.getMessage() for record in caplog.records]

    return start


def weights(model):
    """The weights by name."""
    return {
        variable.path: variable.numpy()
        for layer in model.layers
        for variable in layer.weights
    }


def row_of_unknown(old, column, term):
    """The id that the old model's own Transform graph gives to a term."""
    loaded = tf.saved_model.load(str(old.saved_model))
    examples = tf.constant(old.tiny.as_examples([{column: [term]}]))
    ids = loaded.signatures["transform_features"](examples=examples)[column]
    return int(np.ravel(ids)[0])


def test_a_calibrated_model_gives_the_weights_before_its_calibration(
    train_tiny, tiny, build, start
):
    calibration = {"method": "isotonic", "by": ["device"]}
    old = train_tiny({"validation_fraction": 0.5}, calibration=calibration)
    model = build("wide_deep", tiny.inputs)
    start(model, old.saved_model, tiny)

    before = old.weights()
    assert {name for name in before if name.startswith("output.")}
    for name, values in weights(model).items():
        np.testing.assert_array_equal(values, before[name], err_msg=name)


@pytest.mark.parametrize("kind", ["linear", "wide_deep", "deepfm"])
def test_rows_follow_their_terms(kind, tiny_models, next_day, build, start):
    old = tiny_models(kind)
    model = build(kind, next_day.inputs)
    lines = start(model, old.saved_model)

    before, after = weights(old.model), weights(model)
    assert set(before) == set(after)
    checked = 0
    for name, values in after.items():
        column = name.split("/")[0].split(".")[-1]
        owner = LIKE.get(column, column)
        if owner not in DAY_2:
            np.testing.assert_array_equal(values, before[name], err_msg=name)
            continue
        known, terms = DAY_1[owner], DAY_2[owner]
        first_unknown = 1 + len(known)
        for row, term in enumerate(terms, start=1):
            if term in known:
                expected = 1 + known.index(term)
            else:
                expected = row_of_unknown(old, column, term)
                assert expected >= first_unknown
            np.testing.assert_array_equal(values[row], before[name][expected], term)
        np.testing.assert_array_equal(values[0], before[name][0], "missing")
        unknown = slice(1 + len(terms), None)
        np.testing.assert_array_equal(values[unknown], before[name][first_unknown:])
        checked += 1
    assert checked == (3 if kind == "linear" else 5)
    (line,) = lines
    assert line.startswith(f"warm start from {old.saved_model}: ")
    assert f"{len(after)} of {len(after)} weights" in line
    assert "3 of 8 terms known, 2 gone" in line


def test_unknown_terms_are_not_all_in_one_bucket(tiny_models):
    """Else the test above would not see which one they start from."""
    rows = {row_of_unknown(tiny_models("linear"), "tags", tag) for tag in "wvb"}
    assert rows == {4, 5}


@pytest.mark.parametrize("kind", MODELS)
def test_a_started_model_predicts_what_the_old_one_does(
    kind, tiny_models, next_day, build, start
):
    """The numbers are those of day 1, and so is what Transform makes of them."""
    old = tiny_models(kind)
    model = build(kind, next_day.inputs)
    today = dataclasses.replace(old, tiny=next_day, model=model)
    start(model, old.saved_model)
    warm = today.probabilities(next_day.transformed[:100])
    np.testing.assert_allclose(warm, old.served(next_day.rows[:100]), atol=1e-5)


@pytest.mark.parametrize("kind", ["linear", "wide_deep"])
def test_a_step_moves_weights_from_where_they_start(
    kind, tiny_models, next_day, build, start
):
    """FTRL works its weights out of sums: from none it would reset those it updates."""
    old = tiny_models(kind)
    model = build(kind, next_day.inputs, wide_l1=1e-3)
    start(model, old.saved_model)
    before = weights(model)
    assert any((values != 0).any() for name, values in before.items() if "wide" in name)

    variables = model.trainable_variables
    gradients = [tf.fill(variable.shape, 1e-6) for variable in variables]
    model.optimizer.apply(gradients, variables)
    for name, values in weights(model).items():
        if name.startswith("wide."):
            np.testing.assert_allclose(values, before[name], atol=1e-4, err_msg=name)


def with_other_columns(inputs):
    """The same columns in another order, and a new one of each kind."""
    site = IdInput("site", 7, 4)
    site = dataclasses.replace(site, meaning="hashes")
    crosses = [column for column in inputs.ids if column.crossed]
    others = [column for column in inputs.ids if not column.crossed]
    return dataclasses.replace(
        inputs,
        ids=(others[-1], site, *others[:-1], *crosses[::-1]),
        numbers=("depth", *inputs.numbers[::-1]),
    )


@pytest.mark.parametrize("kind", ["linear", "wide_deep", "embedding_mlp", "deepfm"])
def test_a_new_column_and_another_order_change_no_prediction(
    kind, tiny_models, tiny, build, start
):
    old = tiny_models(kind)
    inputs = with_other_columns(tiny.inputs)
    model = build(kind, inputs)
    lines = start(model, old.saved_model, tiny, inputs)
    if kind == "deepfm":  # its factorisation machine multiplies the new vectors too
        table = model.get_layer("deep.embedding.site").table
        table.assign(np.zeros(table.shape))

    spec = tiny.transform.transformed_feature_spec()
    tensors = tiny.inputs.dense(tf.io.parse_example(tiny.transformed[:50], spec))
    new = {"site": tf.range(50, dtype=tf.int64) % 7, "depth": tf.zeros(50)}
    logits = model({**tensors, **new}, training=False)
    np.testing.assert_allclose(
        tf.sigmoid(logits)[:, 0], old.probabilities(tiny.transformed[:50]), atol=1e-5
    )
    anew = "\n".join(line for line in lines if line.startswith("starts anew"))
    tables = [name for name in weights(model) if name.endswith("site/table")]
    assert [name for name in tables if name not in anew] == []
    assert anew.count("3 of 4 rows") == 1
    assert anew.count("23 of 28 rows") == (kind != "linear")


@pytest.mark.parametrize("kind", ["deep_crossing", "dcn_v2"])
def test_weights_on_other_columns_start_anew_where_they_cannot_be_told_apart(
    kind, tiny_models, tiny, build, start
):
    old = tiny_models(kind)
    inputs = dataclasses.replace(tiny.inputs, ids=tiny.inputs.ids[::-1])
    model = build(kind, inputs)
    fresh = weights(model)
    lines = start(model, old.saved_model, tiny, inputs)

    for name, values in weights(model).items():
        of_columns = "embedding" in name or "norm.numbers" in name
        expected = weights(old.model) if of_columns else fresh
        np.testing.assert_array_equal(values, expected[name], err_msg=name)
    assert any("deep.logit/kernel" in line for line in lines)


def test_weights_of_another_shape_or_meaning_start_anew(
    tiny_models, tiny, build, start
):
    old = tiny_models("wide_deep")
    changes = {
        "device": {"meaning": "hashes"},
        "user": {"num_ids": 21},
        "age_bucket": {"embedding_size": 3},
    }
    inputs = dataclasses.replace(
        tiny.inputs,
        ids=tuple(
            dataclasses.replace(column, **changes.get(column.name, {}))
            for column in tiny.inputs.ids
        ),
    )
    model = build("wide_deep", inputs, hidden_units=(8, 4))
    fresh, before = weights(model), weights(old.model)
    lines = start(model, old.saved_model, tiny, inputs)

    after = weights(model)
    assert {line.rpartition(": ")[2] for line in lines} >= {
        "deep.embedding.device/table, wide.device/table",
        "deep.embedding.user/table, wide.user/table",
        "deep.embedding.age_bucket/table",
        "deep.dense.1/kernel",
        "deep.logit/kernel",
    }
    for name in ("wide.device/table", "wide.user/table", "deep.logit/kernel"):
        np.testing.assert_array_equal(after[name], fresh[name], err_msg=name)
    for name in ("wide.age_bucket/table", "wide.device_x_age/table"):
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)


def vectors_file(path, terms, vectors, kind=None):
    table = {"term": terms, "vector": pa.array(vectors, kind or pa.list_(pa.float32()))}
    pq.write_table(pa.table(table), path)
    return str(path)


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(pa.float32()),
        pa.large_list(pa.float64()),
        pa.list_(pa.float32(), 4),
        pa.list_(pa.int64()),
    ],
    ids=str,
)
def test_vectors_go_to_their_terms(kind, tmp_path, next_day, build, start):
    terms = ["nobody", "x", "w", "y", "z"]
    vectors = np.arange(20).reshape(5, 4).tolist()
    path = vectors_file(tmp_path / "tags.parquet", terms, vectors, kind)
    model = build("embedding_mlp", next_day.inputs)
    fresh = weights(model)
    lines = start(model, None, vectors={"tags": path})

    name = "deep.embedding.tags/table"
    expected = fresh[name].copy()
    expected[[1, 2, 4]] = [vectors[2], vectors[4], vectors[1]]
    after = weights(model)
    np.testing.assert_array_equal(after.pop(name), expected)
    for other, values in after.items():
        np.testing.assert_array_equal(values, fresh[other], err_msg=other)
    (line,) = lines
    assert path in line
    assert "3 of its 5 terms" in line


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        (pa.array([7, -1]), [b"7", b"-1"]),
        (pa.array([7.0, 0.5]), [b"7", b"0.5"]),
        (pa.array([True, False]), [b"true", b"false"]),
        (pa.array(["7.0", "a\nb"]), [b"7", b"a\xfeb"]),
        (pa.array(["7.0", "x"]).dictionary_encode(), [b"7", b"x"]),
    ],
    ids=str,
)
def test_terms_are_named_as_in_the_examples(terms, expected, tmp_path):
    path = vectors_file(tmp_path / "tags.parquet", terms, [[1.0], [2.0]])
    assert read_vectors(path, "tags", 1).terms.to_pylist() == expected


@pytest.mark.parametrize(
    ("terms", "received"),
    [(["7", "7.0"], "2 of b'7'"), (["7", None], "1 of None"), ([7.0, 1e20], "1e+20")],
)
def test_terms_that_name_no_single_vector(terms, received, tmp_path):
    path = vectors_file(tmp_path / "tags.parquet", terms, [[1.0], [2.0]])
    with pytest.raises(InputError) as caught:
        read_vectors(path, "tags", 1)
    assert str(caught.value).startswith(f"training.warm_start.vectors.tags: {path}: ")
    assert received in str(caught.value)


@pytest.mark.parametrize(
    ("vectors", "named"),
    [
        ([[1.0, 2.0]], "2 numbers, .* 4; "),
        ([None], "4"),
        ([[1.0, 2.0, 3.0, np.nan]], "finite"),
        ([[1.0, 2.0, 3.0, None]], "finite"),
    ],
)
def test_vectors_that_do_not_fit_are_an_error(
    vectors, named, tmp_path, next_day, build, start
):
    path = vectors_file(tmp_path / "tags.parquet", ["x"], vectors)
    with pytest.raises(InputError, match=named) as caught:
        start(build("embedding_mlp", next_day.inputs), None, vectors={"tags": path})
    where = f"training.warm_start.vectors.tags: {path}: "
    assert str(caught.value).startswith(where)


def test_without_a_release_training_starts_from_scratch(next_day, build, start):
    model = build("linear", next_day.inputs)
    fresh = weights(model)
    (line,) = start(model, None)
    assert line.startswith("no warm start")
    for name, values in weights(model).items():
        np.testing.assert_array_equal(values, fresh[name])


def test_a_release_of_older_code_is_no_reason_to_fail(
    tmp_path, tiny_models, next_day, build, start
):
    copy = tmp_path / "model"
    shutil.copytree(tiny_models("linear").saved_model, copy)
    (copy / INPUTS_FILE).write_text('{"ids": [{"name": "device"}], "numbers": []}')
    (line,) = start(build("linear", next_day.inputs), copy)
    assert line.startswith(f"no warm start: {copy}: ")

    with pytest.raises(InputError, match=str(copy)):
        start(build("linear", next_day.inputs), copy, model=str(copy))


@pytest.mark.parametrize("place", ["channel", "folder"])
def test_run_fn_starts_from_a_release_or_a_folder(
    place, tiny_models, next_day, train_tiny, caplog
):
    old = {"base_model": str(tiny_models("linear").saved_model)}
    training = {"epochs": 1, "warm_start": {"model": "last_release"}}
    with caplog.at_level(logging.INFO, logger="trainer"):
        trained = train_tiny(
            training,
            "linear",
            problem=next_day,
            arguments=old if place == "channel" else None,
            custom_config=old if place == "folder" else None,
        )
    start = f"warm start from {old['base_model']}: "
    assert any(record.getMessage().startswith(start) for record in caplog.records)
    assert (trained.saved_model / INPUTS_FILE).exists()


def test_the_newest_version_of_a_sibling_is_found(tiny_models, tmp_path):
    saved_model = tiny_models("linear").saved_model
    for version in ("9", "10", ".incoming-11", "11²"):
        shutil.copytree(saved_model, tmp_path / version)
    found = pinned(WarmStart(model=str(tmp_path)))
    assert found["base_model"] == str(tmp_path / "10")
    itself = pinned(WarmStart(model=str(tmp_path / "9")))
    assert itself == {**found, "base_model": str(tmp_path / "9")}


@pytest.mark.parametrize("changed", ["weights", "vocabulary", "vectors"])
def test_the_content_of_files_is_in_the_cache_key(
    changed, tiny_models, next_day, build, tmp_path
):
    saved_model = tmp_path / "model"
    shutil.copytree(tiny_models("linear").saved_model, saved_model)
    path = vectors_file(tmp_path / "tags.parquet", ["x"], [[1.0]])
    configured = WarmStart(model=str(saved_model), vectors={"tags": path})
    before = pinned(configured)
    assert pinned(configured) == before
    assert set(before) == {"base_model", "base"}

    if changed == "weights":
        other = tiny_models("wide_deep").saved_model
        shutil.copytree(other / "variables", saved_model / "variables", dirs_exist_ok=1)
    elif changed == "vocabulary":
        (saved_model / "assets" / "tags").write_text("y\nx\nz\n")
    else:
        vectors_file(tmp_path / "tags.parquet", ["x"], [[2.0]])
    after = pinned(configured)
    assert after["base_model"] == before["base_model"]
    assert after["base"] != before["base"]


def test_a_last_release_is_not_in_the_cache_key():
    assert pinned(None) == {}
    assert pinned(WarmStart(model="last_release")) == {}


def test_missing_and_wrong_files_are_an_error(tiny_models, tmp_path):
    foreign = tmp_path / "foreign"
    shutil.copytree(tiny_models("linear").saved_model, foreign)
    (foreign / INPUTS_FILE).unlink()
    (tmp_path / "text.parquet").write_text("x")
    (tmp_path / "empty").mkdir()
    vectors_file(tmp_path / "lists.parquet", [[1]], [[1.0]])
    pq.write_table(pa.table({"term": ["x"]}), tmp_path / "lacks.parquet")
    for key, file, word in (
        ("model", "nowhere", ""),
        ("model", "empty", "no exported model"),
        ("model", "foreign", "not exported by this pipeline"),
        ("vectors.tags", "none.parquet", "no such file"),
        ("vectors.tags", "empty", "no such file"),
        ("vectors.tags", "text.parquet", "Parquet"),
        ("vectors.tags", "lists.parquet", "'term'"),
        ("vectors.tags", "lacks.parquet", "'vector'"),
    ):
        path = str(tmp_path / file)
        start = {"model": path} if key == "model" else {"vectors": {"tags": path}}
        with pytest.raises(InputError) as caught:
            pinned(WarmStart(**start))
        assert str(caught.value).startswith(f"training.warm_start.{key}: {path}: ")
        assert word in str(caught.value)


def test_rows_of_known_ids_are_returned(tmp_path, tiny_models, next_day, build):
    path = vectors_file(tmp_path / "device.parquet", ["tv"], [[1.0, 2.0, 3.0, 4.0]])
    given = warm_start(
        build("wide_deep", next_day.inputs),
        WarmStart(model="last_release", vectors={"device": path}),
        next_day.inputs,
        next_day.transform,
        str(tiny_models("wide_deep").saved_model),
    )
    tables = [column.name for column in next_day.inputs.ids]
    assert len(given) == len(tables) + 4  # wide ones, and embeddings of all but crosses
    # Missing; tv, tablet and watch; unknown.
    assert given["wide.device/table"].tolist() == [True, False, True, False, False]
    assert given["deep.embedding.device/table"].tolist() == [True] * 3 + [False] * 2
    assert given["wide.device_x_tags/table"].all()
