"""Files and `--set` overrides, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load_config
from config.root import Config

Load = Callable[..., Config]
Message = Callable[..., str]


def test_overrides_are_yaml_and_the_last_one_wins(load: Load):
    config = load(
        "model.kind=embedding_mlp",
        "training.epochs=3",
        "training.epochs=5",
        "model.wide_deep.hidden_units=[8, 4]",
        "beam.runner=FlinkRunner",
    )
    assert config.model.kind == "embedding_mlp"
    assert config.training.epochs == 5
    assert config.model.wide_deep.hidden_units == (8, 4)
    assert config.beam == {"runner": "FlinkRunner"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("name: [", "YAML"),
        ("name: a: b", "line 1"),
        ("name: x\nlabel: {}\nname: y", "'name'"),
        ("name: !!timestamp x", "YAML"),
        ("name: " + "[" * 5_000, "recursion"),
        ("name: &self [*self]", "Circular"),
        ("", "NoneType"),
        ("- name", "list"),
        ("name", "str"),
    ],
)
def test_a_text_that_is_no_configuration_is_rejected(
    message: Message, text: str, word: str
):
    assert word in message(text=text)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path):
    binary = tmp_path / "pipeline.yaml"
    binary.write_bytes(b"name: \xff")
    for path, reason in (
        (tmp_path / "none.yaml", "No such file"),
        (tmp_path, "directory"),
        (binary, "0xff"),
    ):
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert str(caught.value).startswith(f"{path}: ")
        assert reason in str(caught.value)


@pytest.mark.parametrize(
    "key",
    [
        "examples.root",
        "validation.schema_file",
        "release.model_dir",
        "training.warm_start.model",
        "serving.request_log.folder",
    ],
)
def test_a_path_is_relative_to_the_file(load: Load, tmp_path: Path, key: str):
    for typed, path in (
        ("a/b", f"{tmp_path}/a/b"),
        ("../a", f"{tmp_path.parent}/a"),
        ("/a", "/a"),
        ("gs://clicks/ads", "gs://clicks/ads"),
    ):
        value = reduce(getattr, key.split("."), load(f"{key}={typed}"))
        assert value == path


def test_paths_in_mappings_are_relative_to_the_file(load: Load, tmp_path: Path):
    config = load(
        "training.warm_start.vectors={gender: f/gender.parquet}",
        "serving.tls={key: a.key, certificate: a.pem}",
    )
    vectors, tls = config.training.warm_start.vectors, config.serving.tls
    assert vectors == {"gender": f"{tmp_path}/f/gender.parquet"}
    assert (tls.key, tls.certificate) == (f"{tmp_path}/a.key", f"{tmp_path}/a.pem")
    assert tls.client_ca is None


def test_the_last_release_is_no_path(load: Load):
    start = load("training.warm_start.model=last_release").training.warm_start
    assert (start.model, start.vectors) == ("last_release", {})


def test_data_overrides_the_root_from_the_current_folder(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    load()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    config = load_config(tmp_path / "pipeline.yaml", data="other")
    assert config.examples.root == str(tmp_path / "here" / "other")


@pytest.mark.parametrize(
    "typed", ["NO", "01234", "0.10", "+5", "1:30", "2024-01-01", "true", "7", "0.5"]
)
def test_a_slice_of_a_gate_is_what_was_typed(load: Load, typed: str):
    gate = f"{{metric: auc, min: 0.5, slice: {{gender: {typed}}}}}"
    config = load("evaluation.slices=[[gender]]", f"gates=[{gate}]")
    assert config.gates[0].slice == {"gender": typed}


@pytest.mark.parametrize(
    ("column", "typed", "canonical"),
    [
        ("age", "0.10", "0.1"),
        ("age", "7.0", "7"),
        ("age", "1e-3", "0.001"),
        ("age", "-0", "0"),
        ("gender", "7.0", "7"),
        ("gender", "TRUE", "true"),
        ("gender", "NaN", "NaN"),
        ("click", "1.0", "1"),
    ],
)
def test_a_slice_of_a_gate_has_the_text_of_the_examples(
    load: Load, column: str, typed: str, canonical: str
):
    gate = f"{{metric: auc, min: 0.5, slice: {{{column}: {typed}}}}}"
    config = load(f"evaluation.slices=[[{column}]]", f"gates=[{gate}]")
    assert config.gates[0].slice == {column: canonical}


def test_numbers_of_any_spelling_are_numbers_where_numbers_are_asked_for(load: Load):
    config = load(
        "model.wide_deep.learning_rate=1e-3",
        "model.wide_deep.dropout=0.10",
        "tuning.space={dropout: [0.10, 5e-2]}",
    )
    assert config.model.wide_deep.learning_rate == 0.001
    assert config.model.wide_deep.dropout == 0.1
    assert config.tuning.space["dropout"] == (0.1, 0.05)
