"""The Pusher carries out the decision, and records it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.types import standard_artifacts

from components.evaluation_report.files import PAGE_FILE
from components.pusher.executor import PusherExecutor
from components.release_gate.decision import Decision
from components.shared.artifacts import (
    HtmlReport,
    Release,
    ReleaseDecision,
    training_key,
)
from components.shared.release_records import record_of
from serving.releases.versions import model_digest
from serving.releases.writer import roll_back

from ..artifacts import artifact


@pytest.fixture
def push(tmp_path):
    """Pushes a model by number; gives its record."""

    def _push(status, model=1, keep=5, warm_up=None):
        saved_model = tmp_path / "model" / str(model) / "Format-Serving"
        saved_model.mkdir(parents=True, exist_ok=True)
        (saved_model / "saved_model.pb").write_text(f"model {model}")
        decision = Decision(status=status, reason="so", span="8", override=True)
        (tmp_path / "report").mkdir(exist_ok=True)
        (tmp_path / "report" / PAGE_FILE).write_text("<html>")
        decision.write(str(tmp_path / "decision"))
        release = artifact(Release, tmp_path / "release")
        infra = tmp_path / "infra"
        infra.mkdir(exist_ok=True)
        if warm_up is not None:
            (infra / "tf_serving_warmup_requests").write_text(warm_up)
        PusherExecutor(BaseExecutor.Context(pipeline_run_id="run1")).Do(
            {
                key: [artifact(kind, folder)]
                for key, kind, folder in (
                    ("model", standard_artifacts.Model, saved_model.parent),
                    ("decision", ReleaseDecision, tmp_path / "decision"),
                    ("transform_graph", standard_artifacts.TransformGraph, "graph/3"),
                    ("report", HtmlReport, tmp_path / "report"),
                    ("infra_blessing", standard_artifacts.InfraBlessing, infra),
                )
            },
            {"release": [release]},
            {"model_dir": str(tmp_path / "served"), "keep": keep, "trainer": "abc"},
        )
        record = record_of(release.mlmd_artifact)
        assert json.loads(Path(release.uri, "release.json").read_text()) == json.loads(
            record.model_dump_json()
        )
        return record

    return _push


def served(tmp_path):
    return [path for path in (tmp_path / "served").iterdir() if path.name.isdigit()]


def test_a_model_is_released_where_that_was_decided(push, tmp_path):
    record = push("released")

    (version,) = served(tmp_path)
    assert (version / "saved_model.pb").read_text() == "model 1"
    assert (record.status, record.version) == ("released", int(version.name))
    of_version = json.loads((version / "assets.extra" / "release.json").read_text())
    assert of_version["model_uri"] == str(tmp_path / "model" / "1")
    assert of_version["run"] == "run1"
    assert of_version["report_digest"] == hashlib.sha256(b"<html>").hexdigest()


@pytest.mark.parametrize("status", ["awaiting_approval", "blocked", "rejected"])
def test_other_decisions_are_recorded_only(push, tmp_path, status):
    record = push(status)

    assert (record.status, record.version) == (status, 0)
    assert not (tmp_path / "served").exists()


def test_a_version_brings_its_warm_up_requests_along(push, tmp_path):
    record = push("released", warm_up="requests")

    (version,) = served(tmp_path)
    folder = version / "assets.extra"
    assert (folder / "tf_serving_warmup_requests").read_text() == "requests"
    file = str(tmp_path / "infra" / "tf_serving_warmup_requests")
    assert record.warm_up == file
    # A roll back has the same files.
    push("released", 2)
    restored = roll_back(str(tmp_path / "served"), "Ann", "")
    folder = tmp_path / "served" / str(restored.version) / "assets.extra"
    assert (folder / "tf_serving_warmup_requests").read_text() == "requests"
    # The model is what it was without them.
    again = push("awaiting_approval", warm_up="other")
    assert again.warm_up == file


def test_pushing_twice_keeps_the_version(push, tmp_path):
    first = push("released")
    second = push("released")

    assert second.version == first.version
    assert len(served(tmp_path)) == 1


def test_old_versions_are_removed(push, tmp_path):
    for model in (1, 2, 3):
        push("released", model, keep=1)
    graphs = {(path / "saved_model.pb").read_text() for path in served(tmp_path)}
    assert graphs == {"model 2", "model 3"}


def test_a_model_that_was_rolled_back_meanwhile_is_rejected(push, tmp_path):
    """The run had resolved that model 2 is released before a person took it back."""
    for model in (1, 2):
        push("released", model)
    roll_back(str(tmp_path / "served"), "Ann", "")
    record = push("released", 2)

    newest = max(served(tmp_path), key=lambda path: int(path.name))
    assert (newest / "saved_model.pb").read_text() == "model 1"
    assert len(served(tmp_path)) == 3
    assert (record.status, record.version) == ("rejected", 0)
    assert newest.name in record.note
    # Another model is released.
    record = push("released", 3)
    assert record.status == "released"


def test_the_record_has_all_that_an_approval_needs(push, tmp_path):
    record = push("awaiting_approval")

    assert record.model_dump(exclude={"at", "id"}, exclude_defaults=True) == {
        "status": "awaiting_approval",
        "run": "run1",
        "digest": model_digest(str(tmp_path / "model" / "1" / "Format-Serving")),
        "model_uri": str(tmp_path / "model" / "1"),
        "training": training_key("graph/3", "abc"),
        "span": "8",
        "report": str(tmp_path / "report"),
        "report_digest": hashlib.sha256(b"<html>").hexdigest(),
        "override": True,
    }
