"""The models and versions that a server is to serve."""

from __future__ import annotations

import json

import pytest

from config.errors import ConfigError
from config.serving import RequestLog, Serving
from serving.model_config import model_server_config


@pytest.fixture
def model(tmp_path):
    """The configuration of the model `toy`, as a function of the `serving` block."""

    def make(base_path=str(tmp_path / "models"), **serving):
        config = model_server_config(
            Serving(**serving), "toy", base_path, str(tmp_path / "requests")
        )
        (only,) = config.model_config_list.config
        return only

    return make


@pytest.fixture
def label(tmp_path):
    def write(**labels):
        (tmp_path / "models").mkdir(exist_ok=True)
        (tmp_path / "models" / "labels.json").write_text(json.dumps(labels))

    return write


def test_the_latest_version_is_served_by_default(model, tmp_path):
    toy = model()

    assert (toy.name, toy.base_path) == ("toy", str(tmp_path / "models"))
    assert toy.model_platform == "tensorflow"
    assert toy.model_version_policy.latest.num_versions == 1
    assert not toy.HasField("logging_config")


def test_relative_paths_become_absolute(model, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert model("models").base_path == str(tmp_path / "models")


def test_models_can_be_in_an_object_store(model):
    assert model("ram://bucket/ads").base_path == "ram://bucket/ads"


def test_versions_are_selected(model):
    assert model(versions=3).model_version_policy.latest.num_versions == 3
    assert model(versions="all").model_version_policy.HasField("all")
    specific = model(versions=[5, 7]).model_version_policy.specific
    assert list(specific.versions) == [5, 7]


@pytest.mark.parametrize("versions", [1, 3, "all"])
def test_with_labels_all_versions_are_served(model, label, versions):
    label(canary=7, stable=5)

    toy = model(versions=versions)
    assert toy.model_version_policy.WhichOneof("policy_choice") == "all"
    assert dict(toy.version_labels) == {"canary": 7, "stable": 5}


def test_a_list_of_versions_must_include_labeled_ones(model, label):
    label(stable=5)
    toy = model(versions=[5, 7])
    assert list(toy.model_version_policy.specific.versions) == [5, 7]
    assert dict(toy.version_labels) == {"stable": 5}

    label(canary=9, stable=5)
    with pytest.raises(ConfigError, match=r"^serving\.versions: got 5, 7 .*9.*canary"):
        model(versions=[5, 7])


@pytest.mark.parametrize("folder", [None, "elsewhere"])
def test_requests_are_logged_to_a_folder(model, tmp_path, folder):
    given = None if folder is None else str(tmp_path / folder)

    config = model(request_log=RequestLog(sampling_rate=0.5, folder=given))
    log = config.logging_config
    assert log.sampling_config.sampling_rate == 0.5
    prefix = log.log_collector_config.filename_prefix
    assert prefix == str(tmp_path / (folder or "requests") / "toy")
