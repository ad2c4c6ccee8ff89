"""What a compiled pipeline says of itself."""

from __future__ import annotations

import pytest
import yaml

from config.errors import ConfigError
from kubeflow.client.package import Package, Parameter
from kubeflow.client.parameters import read_parameters

DECLARED = {
    "span": Parameter("STRING", required=False),
    "steps": Parameter("NUMBER_INTEGER", required=False),
    "rate": Parameter("NUMBER_DOUBLE", required=False),
    "warm": Parameter("BOOLEAN", required=False),
    "layers": Parameter("LIST", required=False),
    "extra": Parameter("STRUCT", required=False),
}


def test_names_parameters_and_tasks(package):
    assert package.name == "ads"
    assert package.tasks == {"ExampleValidator", "Trainer"}
    assert package.parameters == DECLARED


def test_the_version_is_that_of_the_content(package, tmp_path):
    documents = list(yaml.safe_load_all(package.path.read_text()))
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump_all(documents, sort_keys=True))
    assert Package.read(other).version == package.version

    documents[1]["platforms"]["kubernetes"]["deploymentSpec"]["executors"] = {}
    other.write_text(yaml.safe_dump_all(documents))
    assert Package.read(other).version != package.version


@pytest.mark.parametrize("text", ["", "[]", "{a: [", "pipelineInfo: {name: x}"])
def test_refuses_what_is_no_compiled_pipeline(text, tmp_path):
    path = tmp_path / "other.yaml"
    path.write_text(text)

    with pytest.raises(ConfigError, match=str(path)):
        Package.read(path)


def test_refuses_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ConfigError, match="No such file"):
        Package.read(tmp_path / "none.yaml")


def test_parameters_have_the_types_of_the_spec():
    settings = [
        "span=2026-01-02",
        "steps=500",
        "rate=1e-3",
        "warm=false",
        "layers=[8, 4]",
        'extra={"a": 1}',
    ]

    assert read_parameters(settings, DECLARED) == {
        "span": "2026-01-02",
        "steps": 500,
        "rate": 0.001,
        "warm": False,
        "layers": [8, 4],
        "extra": {"a": 1},
    }


def test_a_text_may_have_any_characters():
    assert read_parameters(["span=a=b"], DECLARED) == {"span": "a=b"}
    assert read_parameters(["span="], DECLARED) == {"span": ""}


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("steps", "--param steps: expected NAME=VALUE"),
        ("speed=1", "--param speed: unknown; this pipeline has: extra, layers, rate"),
        ("steps=1.5", "--param steps: got '1.5'; expected a whole number"),
        ("rate=nan", "--param rate: got 'nan'; expected a number"),
        ("rate=fast", "--param rate: got 'fast'; expected a number"),
        ("warm=yes", "--param warm: got 'yes'; expected true or false"),
        ("layers=8", "--param layers: got '8'; expected a list as JSON"),
        ("layers=[8", "expected a list as JSON"),
        ("extra=[]", "expected an object as JSON"),
    ],
)
def test_refuses_parameters(setting, message):
    with pytest.raises(ConfigError) as caught:
        read_parameters([setting], DECLARED)

    assert message in str(caught.value)


def test_asks_for_a_parameter_without_default():
    declared = {"root": Parameter("STRING", required=True)}

    with pytest.raises(ConfigError, match="give a value: --param root=VALUE"):
        read_parameters([], declared)
    assert read_parameters(["root=x"], declared) == {"root": "x"}
