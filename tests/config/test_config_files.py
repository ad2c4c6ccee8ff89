"""Files and `--set` overrides, right and wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load_config
from config.root import Config

Load = Callable[..., Config]
Message = Callable[..., str]


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("name", "--set name: expected KEY.PATH=VALUE"),
        ("=1", "--set =1: expected KEY.PATH=VALUE"),
        ("name=[", "--set name: not valid YAML: "),
        ("name.x=1", "--set name.x: 'name' is not a block of keys"),
        ("label.column.x=1", "--set label.column.x: 'column' is not a block of keys"),
        ("a\nb=[", "--set a b: not valid YAML"),
    ],
)
def test_wrong_overrides(message: Message, override: str, expected: str):
    assert message(override).startswith(expected)


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
    ("text", "expected"),
    [
        ("name: [", "not valid YAML: while parsing a flow node"),
        ("name: a: b", "not valid YAML: mapping values are not allowed here at line 1"),
        ("name: x\nlabel: {}\nname: y", "not valid YAML: key 'name' appears twice"),
        ("name: !!timestamp x", "not valid YAML: "),
        ("name: " + "[" * 5_000, "not valid YAML: maximum recursion depth exceeded"),
        ("name: &self [*self]", "not valid YAML: Circular reference detected"),
        ("", "expected keys and values at the top, got NoneType"),
        ("- name", "expected keys and values at the top, got list"),
        ("name", "expected keys and values at the top, got str"),
    ],
)
def test_not_a_configuration_file(message: Message, text: str, expected: str):
    assert message(text=text).startswith(expected)


def test_missing_file_and_directory(tmp_path: Path):
    for path, reason in (
        (tmp_path / "none.yaml", "No such file or directory"),
        (tmp_path, "Is a directory"),
    ):
        with pytest.raises(ConfigError) as caught:
            load_config(path)
        assert str(caught.value) == f"{path}: cannot be read ({reason})"


def test_file_that_is_not_text(tmp_path: Path):
    path = tmp_path / "pipeline.yaml"
    path.write_bytes(b"name: \xff")
    with pytest.raises(ConfigError, match=r"cannot be read .*can't decode byte 0xff"):
        load_config(path)


def test_root_is_relative_to_the_file_and_data_overrides_it(
    load: Load, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    config = load("examples.root=data", "validation.schema_file=schema.pbtxt")
    assert config.examples.root == str(tmp_path / "data")
    assert config.validation.schema_file == str(tmp_path / "schema.pbtxt")
    monkeypatch.chdir(tmp_path)
    config = load_config(tmp_path / "pipeline.yaml", data="other")
    assert config.examples.root == str(tmp_path / "other")


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


@pytest.mark.parametrize(
    ("column", "typed"),
    [
        ("age", "old"),
        ("age", "NaN"),
        ("age", "1e39"),
        ("click", "2"),
        ("click", "true"),
        ("gender", "9007199254740993.0"),
    ],
)
def test_a_value_that_a_column_cannot_have_is_told(
    message: Message, column: str, typed: str
):
    gate = f"{{metric: auc, min: 0.5, slice: {{{column}: {typed}}}}}"
    line = message(f"evaluation.slices=[[{column}]]", f"gates=[{gate}]")
    assert line.startswith(f"gates[0].slice.{column}: got ")
    assert typed in line


@pytest.mark.parametrize(
    ("override", "where"),
    [
        ("evaluation.slices=[[age], [user, gendre]]", "evaluation.slices[1]"),
        ("evaluation.group_by=Gender", "evaluation.group_by"),
        ("gates=[{metric: auc, min: 0.5, slice: {gendre: f}}]", "gates[0].slice"),
        ("gates=[{metric: auc, min: 0.5, every: [gendre]}]", "gates[0].every"),
    ],
)
def test_a_column_that_is_not_there_is_told_with_the_closest(
    message: Message, override: str, where: str
):
    line = message(override)
    assert line.startswith(f"{where}: 'gendre'") or line.startswith(
        f"{where}: 'Gender'"
    )
    assert line.endswith("did you mean 'gender'?")


def test_numbers_of_any_spelling_are_numbers_where_numbers_are_asked_for(load: Load):
    config = load(
        "model.wide_deep.learning_rate=1e-3",
        "model.wide_deep.dropout=0.10",
        "tuning.space={dropout: [0.10, 5e-2]}",
    )
    assert config.model.wide_deep.learning_rate == 0.001
    assert config.model.wide_deep.dropout == 0.1
    assert config.tuning.space["dropout"] == (0.1, 0.05)
