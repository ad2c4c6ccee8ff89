"""Registry of the served models, and lookup of the version for a request."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import grpc
from tensorflow_serving.apis import get_model_status_pb2, model_pb2
from tensorflow_serving.config import model_server_config_pb2
from tensorflow_serving.config.model_server_config_pb2 import (
    ModelServerConfig as Config,
)

from serving.model_config import PLATFORM
from serving.server.session import ModelSession
from serving.server.status import (
    StatusError,
    deadline_exceeded,
    failed_precondition,
    invalid_argument,
    not_found,
)
from serving.server.version_loader import Load, Polling, VersionLoader, VersionStatus

Labels = Mapping[str, Mapping[str, int]]

_LOG = logging.getLogger(__name__)


class ModelRegistry:
    """The models of a configuration, which can be replaced at any time."""

    def __init__(self, load: Load, polling: Polling):
        self._load = load
        self._polling = polling
        # Both are replaced atomically, for a consistent state of each request.
        self._models: Mapping[str, VersionLoader] = {}
        self._labels: Labels = {}
        # No longer served, but GetModelStatus still reports them.
        self._removed: dict[str, VersionLoader] = {}
        self._replacing = threading.Lock()

    @contextmanager
    def session(self, spec: model_pb2.ModelSpec) -> Iterator[ModelSession]:
        """Yields the version for a request; it stays loaded within the context.

        Raises:
          StatusError: The model, version or label is unknown.
        """
        session = self._acquire(spec)
        try:
            yield session
        finally:
            session.release()

    def statuses(self, spec: model_pb2.ModelSpec) -> Mapping[int, VersionStatus]:
        """Returns the status of each version of a model, or of one version.

        Raises:
          StatusError: The model or version is unknown.
        """
        name = spec.name
        model = self._models.get(name) or self._removed.get(name)
        statuses = {} if model is None else model.statuses()
        if spec.HasField("version"):
            version = spec.version.value
            if version not in statuses:
                raise not_found(f"Could not find version {version} of model {name}")
            return {version: statuses[version]}
        if not statuses:
            raise not_found(f"Could not find any versions of model {name}")
        return statuses

    def has(self, name: str) -> bool:
        """Returns True if a model is served."""
        return name in self._models

    def is_available(self) -> bool:
        """Returns True if each model has an available version."""
        return all(model.is_available() for model in self._models.values())

    def start(self, config: Config) -> None:
        """Loads the models of the first configuration, and waits for a first version.

        Raises:
          StatusError: The configuration is invalid, or a model cannot be loaded.
        """
        new = self.replace(config)
        for model in new:
            model.wait_until_found()
        self.wait_for(new, math.inf)

    def replace(self, config: Config) -> list[VersionLoader]:
        """Replaces models, policies and labels.

        Returns:
          The new models, which are loading.

        Raises:
          StatusError: The configuration is invalid. Nothing is changed.
        """
        if config.WhichOneof("config") != "model_config_list":
            raise invalid_argument(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported"
            )
        configs = {each.name: each for each in config.model_config_list.config}
        with self._replacing:
            _check(config)
            labels = self._checked_labels(configs)
            old = self._models
            new = [
                VersionLoader(each, self._load, self._polling)
                for name, each in configs.items()
                if name not in old
            ]
            for name in configs.keys() & old.keys():
                old[name].update(configs[name])
            kept = {name: model for name, model in old.items() if name in configs}
            self._models = {**kept, **{model.name: model for model in new}}
            self._labels = labels
            for model in new:
                _LOG.info("model %s: served from %s", model.name, model.base_path)
                model.start()
            for name in old.keys() - configs.keys():
                old[name].stop()
                self._removed[name] = old[name]
        return new

    def wait_for(self, models: list[VersionLoader], deadline: float) -> None:
        """Waits until models are available, up to a deadline in monotonic seconds.

        Raises:
          StatusError: A model cannot be loaded, or not in time.
        """
        failed = []
        for model in models:
            left = deadline - time.monotonic()
            if not model.wait_until_settled(None if left == math.inf else max(left, 0)):
                raise deadline_exceeded()
            if not model.is_available():
                failed.append(model)
        if failed:
            reasons = ", ".join(f"{{{_failure(model)}}}" for model in failed)
            raise StatusError(
                grpc.StatusCode.UNKNOWN,
                f"{len(failed)} servable(s) did not become available: {{{reasons}}}",
            )

    def stop(self) -> None:
        """Unloads all versions, each after its last request."""
        with self._replacing:
            for model in self._models.values():
                model.stop()

    def _acquire(self, spec: model_pb2.ModelSpec) -> ModelSession:
        if not spec.name:
            raise invalid_argument("ModelSpec has no name specified.")
        version = self._version(spec)
        while True:
            model = self._models.get(spec.name)
            session = None if model is None else model.session(version)
            if session is None:
                which = (
                    f"Latest({spec.name})"
                    if version is None
                    else f"Specific({spec.name}, {version})"
                )
                raise not_found(f"Servable not found for request: {which}")
            if session.acquire():
                return session
            # It was unloaded in the meantime.

    def _version(self, spec: model_pb2.ModelSpec) -> int | None:
        """Returns the version that a request names, by number or label."""
        choice = spec.WhichOneof("version_choice")
        if choice == "version":
            number: int = spec.version.value
            return number
        if choice == "version_label":
            label = spec.version_label
            version = self._labels.get(spec.name, {}).get(label)
            if version is None:
                raise invalid_argument(f"Unrecognized servable version label: {label}")
            return version
        return None

    def _checked_labels(
        self, configs: Mapping[str, model_server_config_pb2.ModelConfig]
    ) -> Labels:
        """Returns the labels of a configuration.

        A new label may name a version that is still loading, as with TensorFlow
        Serving's `--allow_version_labels_for_unavailable_models`; an existing one moves
        to available versions only.
        """
        labels: dict[str, dict[str, int]] = {}
        for name, config in configs.items():
            used = self._labels.get(name, {})
            for label, version in config.version_labels.items():
                moves = used.get(label, version) != version
                if moves and not self._models[name].is_available(version):
                    raise failed_precondition(
                        f"Request to assign label to version {version} of model "
                        f"{name}, which is not currently available for inference"
                    )
                labels.setdefault(name, {})[label] = version
        return labels


def _check(config: Config) -> None:
    names = set()
    for model in config.model_config_list.config:
        if not model.name:
            raise invalid_argument("A model of the config list has no name")
        if model.name in names:
            raise invalid_argument(
                f"Illegal to list model {model.name} multiple times in config list"
            )
        names.add(model.name)
        if not (model.base_path.startswith("/") or "://" in model.base_path):
            raise invalid_argument(
                f"Expected model {model.name} to have an absolute path or URI; got "
                f"base_path()={model.base_path}"
            )
        # `model_type` is the deprecated form of `model_platform`.
        deprecated = model.model_type == model_server_config_pb2.TENSORFLOW
        if model.model_platform != ("" if deprecated else PLATFORM):
            raise invalid_argument(
                f"Model {model.name} requests unsupported platform "
                f"{model.model_platform!r}; allowed: {PLATFORM!r}"
            )
        log = model.logging_config
        if model.HasField("logging_config") and not (
            log.log_collector_config.filename_prefix
        ):
            raise invalid_argument(
                f"Model {model.name} has a logging_config without a filename_prefix"
            )


def _failure(model: VersionLoader) -> str:
    errors = [
        f"name: {model.name} version: {version} due to error: {status.error}"
        for version, status in model.statuses().items()
        if status.state == get_model_status_pb2.ModelVersionStatus.END
        and status.error is not None
    ]
    none_found = f"name: {model.name}: no version found under {model.base_path}"
    return "; ".join(errors) or none_found
