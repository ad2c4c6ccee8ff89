"""ModelService, and versions that come and go."""

from __future__ import annotations

import shutil
import time

import pytest
from tensorflow_serving.apis import get_model_status_pb2, model_management_pb2

STATE = get_model_status_pb2.ModelVersionStatus


def _status(models, name, version=None):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = name
    if version is not None:
        request.model_spec.version.value = version
    return models.GetModelStatus(request, timeout=10).model_version_status


def _wait_for(models, name, version, *states):
    end = time.monotonic() + 60
    while time.monotonic() < end:
        for each in _status(models, name):
            if each.version == version and each.state in states:
                return
        time.sleep(0.1)
    pytest.fail(f"version {version} did not come to be {states}")


def test_an_available_version_is_healthy(models, target):
    states = {each.state: each for each in _status(models, target.model)}

    healthy = states[STATE.AVAILABLE]
    assert healthy.state == 30
    assert healthy.status.error_code == 0
    assert healthy.status.error_message == ""


def test_a_version_may_be_named(models, target):
    version = _status(models, target.model)[0].version

    (status,) = _status(models, target.model, version)
    assert status.version == version


def test_an_unknown_model_is_not_found(models, refused):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = "zz"

    code, details = refused(models.GetModelStatus, request)
    assert code == "NOT_FOUND"
    assert "Could not find any versions of model zz" in details


def test_an_unknown_version_is_not_found(models, refused, target):
    request = get_model_status_pb2.GetModelStatusRequest()
    request.model_spec.name = target.model
    request.model_spec.version.value = 987654321

    code, details = refused(models.GetModelStatus, request)
    assert code == "NOT_FOUND"
    assert f"Could not find version 987654321 of model {target.model}" in details


def test_a_request_without_model_spec_is_refused(models, refused):
    request = get_model_status_pb2.GetModelStatusRequest()

    code, details = refused(models.GetModelStatus, request)
    assert code == "INVALID_ARGUMENT"
    assert "Missing ModelSpec" in details


def test_a_configuration_of_another_kind_is_refused(models, refused):
    request = model_management_pb2.ReloadConfigRequest()
    request.config.custom_model_config.SetInParent()

    code, details = refused(models.HandleReloadConfigRequest, request)
    assert code == "INVALID_ARGUMENT"
    assert "Only ModelConfigList is currently supported" in details


def test_a_new_version_takes_over_and_goes_again(
    models, predictions, ask, examples_signature, target
):
    if target.model_dir is None:
        pytest.skip("the directory of versions is out of reach: no --model-dir")
    latest = max(int(each.name) for each in target.model_dir.glob("[0-9]*"))
    aside = target.model_dir / f".incoming-{latest + 1}"
    shutil.copytree(target.model_dir / str(latest), aside)
    added = aside.rename(target.model_dir / str(latest + 1))
    try:
        _wait_for(models, target.model, latest + 1, STATE.AVAILABLE)
        response = predictions.Predict(ask(examples_signature), timeout=20)
        assert response.model_spec.version.value == latest + 1
        _wait_for(models, target.model, latest, STATE.END)
        newest, older = _status(models, target.model)[:2]
        assert (newest.version, older.version) == (latest + 1, latest)
    finally:
        shutil.rmtree(added)
    _wait_for(models, target.model, latest, STATE.AVAILABLE)
    _wait_for(models, target.model, latest + 1, STATE.END)
    response = predictions.Predict(ask(examples_signature), timeout=20)
    assert response.model_spec.version.value == latest
