"""The Pusher releases what is blessed, and records either way."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tfx.types import standard_artifacts

from components.artifacts import Release, training_key
from components.pusher.executor import PusherExecutor


def _artifact(kind, folder):
    artifact = kind()
    artifact.uri = str(folder)
    return artifact


@pytest.fixture
def push(tmp_path):
    """Pushes the model; gives its record, which is in an artifact and in a file."""
    saved_model = tmp_path / "model" / "Format-Serving"
    saved_model.mkdir(parents=True)
    (saved_model / "saved_model.pb").write_text("a model")

    def _push(blessed):
        blessing = _artifact(standard_artifacts.ModelBlessing, tmp_path / "blessing")
        blessing.set_int_custom_property("blessed", blessed)
        Path(blessing.uri).mkdir(exist_ok=True)
        verdict = Path(blessing.uri, "BLESSED" if blessed else "NOT_BLESSED")
        verdict.write_text("")
        release = _artifact(Release, tmp_path / "release")
        PusherExecutor().Do(
            {
                "model": [_artifact(standard_artifacts.Model, tmp_path / "model")],
                "blessing": [blessing],
                "transform_graph": [
                    _artifact(standard_artifacts.TransformGraph, "graph/3")
                ],
            },
            {"release": [release]},
            {"model_dir": str(tmp_path / "served"), "trainer": "abc", "code": ""},
        )
        return release, json.loads(Path(release.uri, "release.json").read_text())

    return _push


def test_a_blessed_model_is_released(push, tmp_path):
    release, record = push(blessed=1)

    version = tmp_path / "served" / str(release.version)
    assert (version / "saved_model.pb").read_text() == "a model"
    assert release.released == 1
    assert release.path == str(version)
    assert record == {
        "released": True,
        "model_uri": str(tmp_path / "model"),
        "version": release.version,
        "path": str(version),
    }


def test_a_model_that_is_not_blessed_is_recorded_only(push, tmp_path):
    release, record = push(blessed=0)

    assert release.released == 0
    assert record == {"released": False, "model_uri": str(tmp_path / "model")}
    assert not (tmp_path / "served").exists()


def test_pushing_twice_keeps_the_version(push, tmp_path):
    first, _ = push(blessed=1)
    second, _ = push(blessed=1)

    assert second.version == first.version
    assert len(list((tmp_path / "served").iterdir())) == 1


def test_the_record_names_what_the_model_was_trained_from(push):
    release, _ = push(blessed=1)

    assert release.training == training_key("graph/3", "abc")
    assert release.model_uri.endswith("/model")
