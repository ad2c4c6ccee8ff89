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


@pytest.mark.parametrize("text", [None, "", "[]", "{a: [", "pipelineInfo: {name: x}"])
def test_a_file_that_is_no_compiled_pipeline_is_named(text, tmp_path):
    path = tmp_path / "other.yaml"
    if text is not None:
        path.write_text(text)

    with pytest.raises(ConfigError, match=str(path)):
        Package.read(path)


def test_parameters_have_the_types_of_the_spec():
    settings = [
        "span=a=b",
        "steps=500",
        "rate=1e-3",
        "warm=false",
        "layers=[8, 4]",
        'extra={"a": 1}',
    ]

    assert read_parameters(settings, DECLARED) == {
        "span": "a=b",
        "steps": 500,
        "rate": 0.001,
        "warm": False,
        "layers": [8, 4],
        "extra": {"a": 1},
    }
    assert read_parameters(["span="], DECLARED) == {"span": ""}


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("steps", ["steps", "NAME=VALUE"]),
        ("speed=1", ["speed", "extra, layers, rate"]),
        ("steps=1.5", ["steps", "'1.5'", "integer"]),
        ("rate=nan", ["rate", "'nan'", "number"]),
        ("rate=fast", ["rate", "'fast'", "number"]),
        ("warm=yes", ["warm", "'yes'", "true or false"]),
        ("layers=8", ["layers", "'8'", "list"]),
        ("layers=[8", ["layers", "list"]),
        ("extra=[]", ["extra", "object"]),
    ],
)
def test_a_wrong_parameter_is_rejected(setting, named):
    with pytest.raises(ConfigError) as caught:
        read_parameters([setting], DECLARED)

    message = str(caught.value)
    assert message.startswith(f"--param {named[0]}: ")
    assert all(word in message for word in named)


def test_a_parameter_without_default_is_required():
    declared = {"root": Parameter("STRING", required=True)}

    with pytest.raises(ConfigError, match="--param root="):
        read_parameters([], declared)
    assert read_parameters(["root=x"], declared) == {"root": "x"}
