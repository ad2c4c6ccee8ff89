"""Versions are loaded and unloaded in order; a stand-in for a session records when.

Real models are loaded in test_hot_reload.py and test_reload_config.py.
"""

from __future__ import annotations

import shutil
import threading
import time

import pytest
from tensorflow_serving.config import model_server_config_pb2

from serving.server import version_loader
from serving.server.version_loader import Polling, State, VersionLoader

QUICK = Polling(seconds=0.02, retries=2, retry_seconds=0.02)


class Loader:
    """Loads nothing, and remembers what it was asked for.

    Attributes:
      events: What happened, in order.
      broken: Versions that cannot be loaded.
      hold: Loading waits for it.
    """

    def __init__(self):
        self.events = []
        self.broken = set()
        self.hold = threading.Event()
        self.hold.set()

    def __call__(self, name, version, path):
        self.hold.wait(10)
        if version in self.broken:
            self.events.append(f"failed {version}")
            raise OSError(f"{path} is broken")
        self.events.append(f"loaded {version}")
        return Loaded(version, self.events)


class Loaded:
    def __init__(self, version, events):
        self.version = version
        self._events = events

    def close(self):
        self._events.append(f"closed {self.version}")


@pytest.fixture
def loader():
    return Loader()


@pytest.fixture
def folder(tmp_path):
    def _add(*versions):
        for version in versions:
            aside = tmp_path / f".{version}"
            aside.mkdir()
            (aside / "saved_model.pb").write_bytes(b"")
            aside.rename(tmp_path / str(version))

    _add.path = tmp_path
    return _add


@pytest.fixture
def start(folder, loader):
    models = []

    def _start(latest=1, polling=QUICK):
        model = VersionLoader(_config(folder, latest), loader, polling)
        model.start()
        models.append(model)
        return model

    yield _start
    loader.hold.set()
    for model in models:
        model.stop()


def _config(folder, latest=1, specific=()):
    config = model_server_config_pb2.ModelConfig(
        name="toy", base_path=str(folder.path), model_platform="tensorflow"
    )
    if specific:
        config.model_version_policy.specific.versions.extend(specific)
    else:
        config.model_version_policy.latest.num_versions = latest
    return config


def _state(model, version):
    status = model.statuses().get(version)
    return None if status is None else State.Name(status.state)


def _serves(model, version):
    return lambda: getattr(model.session(None), "version", None) == version


def test_a_new_version_is_loaded_before_the_old_one_is_closed(
    folder, loader, start, eventually
):
    folder(1)
    model = start()
    eventually(_serves(model, 1))
    folder(2)

    eventually(lambda: "closed 1" in loader.events)
    assert loader.events == ["loaded 1", "loaded 2", "closed 1"]
    eventually(lambda: _state(model, 1) == "END")
    assert _state(model, 2) == "AVAILABLE"


def test_several_versions_are_served_side_by_side(folder, loader, start, eventually):
    folder(1, 2)
    model = start(latest=2)
    assert model.wait_until_settled(10)
    assert model.session(1).version == 1
    folder(3)

    eventually(lambda: "closed 1" in loader.events)
    assert model.session(None).version == 3
    assert model.session(2).version == 2


def test_versions_that_ended_long_ago_are_forgotten(
    folder, start, eventually, monkeypatch
):
    monkeypatch.setattr(version_loader, "_MAX_ENDED", 2)
    model = start()
    for version in range(1, 6):
        folder(version)
        eventually(lambda version=version: _state(model, version) == "AVAILABLE")
    # The two that ended last, and the one that is served.
    eventually(lambda: sorted(model.statuses()) == [3, 4, 5])
    shutil.rmtree(folder.path / "5")

    eventually(lambda: _state(model, 5) == "END")
    states = {version: _state(model, version) for version in model.statuses()}
    assert states == {5: "END", 3: "END", 4: "AVAILABLE"}


def test_a_version_that_failed_is_not_forgotten_while_it_exists(
    folder, loader, start, eventually, monkeypatch
):
    monkeypatch.setattr(version_loader, "_MAX_ENDED", 2)
    loader.broken = {100}
    folder(100)
    model = start(latest=2)
    eventually(lambda: _state(model, 100) == "END")
    for version in range(1, 5):
        folder(version)
        eventually(lambda version=version: _state(model, version) == "AVAILABLE")

    eventually(lambda: sorted(model.statuses()) == [2, 3, 4, 100])
    assert loader.events.count("failed 100") == 3


def test_a_loading_version_has_the_state_loading(folder, loader, start, eventually):
    loader.hold.clear()
    folder(1)
    model = start()

    eventually(lambda: _state(model, 1) == "LOADING")
    assert not model.wait_until_settled(0.05)
    loader.hold.set()
    assert model.wait_until_settled(10)


def test_a_removed_version_is_unloaded_once_the_previous_one_serves(
    folder, loader, start, eventually
):
    folder(1, 2)
    model = start()
    eventually(_serves(model, 2))
    shutil.rmtree(folder.path / "2")
    eventually(lambda: "closed 2" in loader.events)
    assert loader.events == ["loaded 2", "loaded 1", "closed 2"]

    # The last one goes with its folder.
    shutil.rmtree(folder.path / "1")
    eventually(lambda: "closed 1" in loader.events)
    assert model.session(None) is None


def test_versions_stay_loaded_while_the_directory_is_unreachable(
    folder, loader, start, eventually
):
    folder(1)
    model = start()
    eventually(_serves(model, 1))
    aside = folder.path.rename(folder.path.with_name("moved"))

    time.sleep(0.1)
    assert model.session(None).version == 1
    aside.rename(folder.path)


def test_an_empty_folder_is_logged_each_time_it_becomes_empty(
    folder, start, eventually, caplog
):
    def logged():
        return sum(str(folder.path) in each.message for each in caplog.records)

    model = start()
    eventually(lambda: logged() == 1)
    folder(1)
    eventually(_serves(model, 1))
    shutil.rmtree(folder.path / "1")

    eventually(lambda: logged() == 2)


def test_a_version_that_cannot_be_loaded_is_tried_again_and_given_up(
    folder, loader, start, eventually
):
    folder(1)
    model = start()
    eventually(_serves(model, 1))
    loader.broken = {2}
    folder(2)

    eventually(lambda: _state(model, 2) == "END")
    time.sleep(0.1)
    assert loader.events == ["loaded 1", *["failed 2"] * 3]
    assert model.session(None).version == 1
    error = model.statuses()[2].error
    assert error.code.name == "UNKNOWN"
    assert "2 is broken" in error.details


def test_a_version_that_can_be_loaded_later_is_served(
    folder, loader, start, eventually
):
    loader.broken = {1}
    folder(1)
    model = start(polling=Polling(0.02, retries=1000, retry_seconds=0.02))
    eventually(lambda: len(loader.events) >= 2)
    loader.broken = set()

    eventually(lambda: _state(model, 1) == "AVAILABLE")
    assert model.statuses()[1].error is None


def test_a_version_that_was_given_up_is_tried_when_it_comes_back(
    folder, loader, start, eventually
):
    loader.broken = {1}
    folder(1)
    model = start()
    eventually(lambda: _state(model, 1) == "END")
    shutil.rmtree(folder.path / "1")
    time.sleep(0.1)
    loader.broken = set()
    folder(1)

    eventually(_serves(model, 1))


def test_a_newer_version_does_not_wait_for_one_that_fails(
    folder, loader, start, eventually
):
    loader.broken = {1}
    folder(1)
    model = start(polling=Polling(0.02, retries=5, retry_seconds=100))
    eventually(lambda: loader.events == ["failed 1"])
    folder(2)

    eventually(_serves(model, 2))
    eventually(lambda: _state(model, 1) == "END")


def test_another_policy_takes_effect_at_once(folder, loader, start, eventually):
    folder(1, 2)
    model = start(polling=Polling(seconds=100))
    assert model.wait_until_settled(10)
    model.update(_config(folder, specific=[1]))

    eventually(_serves(model, 1))


def test_stopping_closes_all_versions(folder, loader, start):
    folder(1, 2)
    model = start(latest=2)
    assert model.wait_until_settled(10)
    model.stop()

    assert sorted(loader.events[2:]) == ["closed 1", "closed 2"]
    assert model.session(None) is None
    assert _state(model, 2) == "END"
