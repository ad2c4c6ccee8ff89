"""ModelService, and versions that come and go."""

from __future__ import annotations

import shutil
import time

import pytest
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2

STATE = get_model_status_pb2.ModelVersionStatus


def _request(**spec):
    return get_model_status_pb2.GetModelStatusRequest(model_spec=spec or None)


def _status(models, name, **spec):
    request = _request(name=name, **spec)
    return models.GetModelStatus(request, timeout=10).model_version_status


def _wait_for(models, name, version, *states):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for each in _status(models, name):
            if each.version == version and each.state in states:
                return
        time.sleep(0.05)
    pytest.fail(f"version {version} is not {states} after 60 s")


def test_an_available_version_is_healthy(models, target):
    states = {each.state: each for each in _status(models, target.model)}

    healthy = states[STATE.AVAILABLE]
    assert healthy.state == 30
    assert healthy.status.error_code == 0
    assert healthy.status.error_message == ""


def test_a_version_can_be_requested(models, target):
    version = _status(models, target.model)[0].version

    (status,) = _status(models, target.model, version={"value": version})
    assert status.version == version


@pytest.mark.parametrize(
    ("spec", "code", "named"),
    [
        ({"name": "zz"}, "NOT_FOUND", "zz"),
        ({"version": {"value": 987654321}}, "NOT_FOUND", "987654321"),
        ({}, "INVALID_ARGUMENT", "ModelSpec"),
    ],
)
def test_an_unknown_model_is_rejected(spec, code, named, models, rejection, target):
    request = _request(**{"name": target.model, **spec} if spec else {})

    found, details = rejection(models.GetModelStatus, request)
    assert found == code
    assert named in details


def test_a_configuration_of_another_kind_is_rejected(models, rejection):
    request = model_management_pb2.ReloadConfigRequest()
    request.config.custom_model_config.SetInParent()

    code, details = rejection(models.HandleReloadConfigRequest, request)
    assert code == "INVALID_ARGUMENT"
    assert "ModelConfigList" in details


def test_a_new_version_takes_over_and_is_withdrawn(
    models, predictions, ask, examples_signature, target
):
    if target.model_dir is None:
        pytest.skip("the directory of versions is out of reach: no --model-dir")

    def answers():
        response = predictions.Predict(ask(examples_signature), timeout=20)
        return response.model_spec.version.value

    latest = max(int(each.name) for each in target.model_dir.glob("[0-9]*"))
    aside = target.model_dir / f".incoming-{latest + 1}"
    shutil.copytree(target.model_dir / str(latest), aside)
    added = aside.rename(target.model_dir / str(latest + 1))
    try:
        _wait_for(models, target.model, latest + 1, STATE.AVAILABLE)
        assert answers() == latest + 1
        _wait_for(models, target.model, latest, STATE.END)
        newest, older = _status(models, target.model)[:2]
        assert (newest.version, older.version) == (latest + 1, latest)
    finally:
        shutil.rmtree(added)
    _wait_for(models, target.model, latest, STATE.AVAILABLE)
    _wait_for(models, target.model, latest + 1, STATE.END)
    assert answers() == latest
