"""Candidates on a real model server: the blessing and its reasons."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest
import tensorflow as tf
from tfx.components.util.model_utils import is_infra_validated

from components.infra_validator.record import Answers, InfraRecord
from components.infra_validator.requests import find_warm_up
from config.serving import Batching
from config.signatures import WARM_UP_FILE
from serving.releases.records import ReleaseRecord
from serving.releases.versions import model_digest, version_path
from serving.releases.writer import release_model
from serving.server.session import ModelSession
from serving.server.warmup import warm_up

# The rows of `split`, in a batch of 100 and one of 50.
ROWS = 150


def _files(folder):
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture(scope="module")
def trained(tiny_models):
    return tiny_models("wide_deep")


@pytest.fixture(scope="module")
def before(trained):
    return _files(trained.uri)


@pytest.fixture(scope="module")
def blessed(trained, before, try_model):
    return try_model(trained.uri, Batching(max_batch_size=60), max_p99_ms=60_000)


def test_a_model_that_is_served_as_it_predicts_is_blessed(blessed):
    record = blessed.record
    assert (record.passed, record.rows) == (True, ROWS)
    assert set(record.answers) == {"serving_default", "predict"}
    for answers in record.answers.values():
        assert answers.differing == 0
        assert answers.largest_difference <= 1e-5
        assert 0 < answers.p50_ms <= answers.p99_ms
    assert is_infra_validated(blessed.blessing)
    assert (blessed.folder / "INFRA_BLESSED").exists()
    (line,) = record.in_words()
    assert line.startswith(f"passed: infra: {record.server} ")
    assert "is available" in (blessed.folder / "server.log").read_text()


def test_the_model_itself_stays_as_it_was_trained(blessed, trained, before):
    assert _files(trained.uri) == before


def test_requests_to_warm_up_with_are_part_of_what_is_released(
    blessed, trained, tmp_path
):
    file = find_warm_up(blessed.blessing.uri)
    model = str(trained.saved_model)
    record = ReleaseRecord(status="released", digest=model_digest(model), warm_up=file)
    released = release_model(model, str(tmp_path), record)

    path = version_path(str(tmp_path), released.version)
    assert Path(path, WARM_UP_FILE).read_bytes() == Path(file).read_bytes()
    servable = ModelSession("tiny", released.version, path)
    # Through each signature a batch, and 10 rows one by one.
    assert warm_up(servable, path) == 22


@pytest.fixture
def disagreeing(trained, tmp_path):
    """A model whose `predict` gives 0.001 more, or NaN for a row without an age."""
    model = tf.saved_model.load(str(trained.saved_model))
    predict = model.signatures["predict"]
    _, inputs = predict.structured_input_signature

    @tf.function(input_signature=[inputs])
    def off(tensors):
        off_by = tf.where(tf.math.is_nan(tensors["age"]), math.nan, 1e-3)
        return {"probability": predict(**tensors)["probability"] + off_by}

    signatures = {**model.signatures, "predict": off}
    path = tmp_path / "model" / "Format-Serving"
    tf.saved_model.save(model, str(path), signatures)
    return path.parent


def test_a_model_that_is_wrong_or_slow_is_refused(disagreeing, try_model):
    tried = try_model(disagreeing, rows=100, max_p99_ms=0.001)

    assert not is_infra_validated(tried.blessing)
    assert (tried.folder / "INFRA_NOT_BLESSED").exists()
    slow, wrong, slow_too = tried.record.in_words()
    assert wrong.startswith("failed: infra: predict: 100 of 100 ")
    assert tried.record.answers["predict"].largest_difference is None
    for signature, line in (("serving_default", slow), ("predict", slow_too)):
        p99 = tried.record.answers[signature].p99_ms
        assert line.startswith(f"failed: infra: {signature}: p99 is {p99:g} ms, ")
        assert line.endswith("infra_validation.max_p99_ms, 0.001")


def test_a_model_that_cannot_be_loaded_is_refused(
    trained, try_model, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    shutil.copytree(trained.uri, tmp_path / "model")
    shutil.rmtree(tmp_path / "model" / "Format-Serving" / "variables")
    tried = try_model(tmp_path / "model", rows=10)

    assert not is_infra_validated(tried.blessing)
    (line,) = tried.record.in_words()
    assert line.startswith("failed: infra: the embedded server ended with status 1 ")
    assert "variables" in line
    assert tried.record.load_seconds is None
    assert find_warm_up(tried.blessing.uri) == ""


def test_a_model_that_takes_too_long_to_load_is_refused(trained, try_model):
    tried = try_model(trained.uri, rows=10, max_load_seconds=0.001)

    assert not is_infra_validated(tried.blessing)
    (line,) = tried.record.in_words()
    assert line.startswith("failed: infra: ")
    assert "0.001 s" in line


def test_tensorflow_serving_is_preferred(trained, try_model, tmp_path, monkeypatch):
    program = tmp_path / "tensorflow_model_server"
    program.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo TensorFlow Library: 2.9.3 && exit\n'
        'echo "$@"\necho out of memory\nexit 137\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    tried = try_model(trained.uri, rows=10)

    assert tried.record.server == "tensorflow_model_server"
    assert tried.record.server_tensorflow == "2.9.3"
    assert tried.record.model_tensorflow == tf.__version__
    (reason,) = tried.record.reasons
    assert reason.startswith("tensorflow_model_server ended with status 137 ")
    assert reason.endswith("out of memory")
    log = (tried.folder / "server.log").read_text()
    assert "--max_num_load_retries=0" in log


@pytest.mark.parametrize(
    ("server", "model", "is_older"),
    [
        ("2.9.3", "2.16.2", True),
        ("2.16.1", "2.16.2", False),
        ("2.20.0", "2.16.2", False),
        ("3.0.0-rc1", "2.21.0", False),
        (None, "2.16.2", False),
    ],
)
def test_an_older_server_is_a_warning(server, model, is_older):
    record = InfraRecord(
        server="s", server_tensorflow=server, model_tensorflow=model, rows=1
    )
    _, *warnings = record.in_words()

    assert record.passed
    assert len(warnings) == is_older
    assert all(f"{server}, " in line and f"{model};" in line for line in warnings)


FAST = Answers(differing=0, largest_difference=1e-7, p50_ms=0.5, p99_ms=1.25)
NAN = Answers(differing=2, largest_difference=None, p50_ms=0.5, p99_ms=2.5)


def test_a_record_is_read_as_it_was_written(tmp_path):
    record = InfraRecord(
        server="it", rows=3, load_seconds=2.5, answers={"a": FAST, "b": NAN}
    )
    record.write(str(tmp_path))
    assert InfraRecord.read(str(tmp_path)) == record
    (line,) = record.in_words()
    for words in ("passed: infra: it ", "3 rows", "1.2 ms by a", "2.5 ms by b"):
        assert words in line
