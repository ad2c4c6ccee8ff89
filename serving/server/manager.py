"""The models that are served, and which of them a request means."""

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

from serving.server.model import Load, Model, VersionStatus
from serving.server.options import PLATFORM, Polling
from serving.server.servable import Servable
from serving.server.status import (
    StatusError,
    deadline_exceeded,
    failed_precondition,
    invalid_argument,
    not_found,
)

Labels = Mapping[str, Mapping[str, int]]

_LOG = logging.getLogger(__name__)


class ModelManager:
    """The models of a configuration, which may be replaced at any time."""

    def __init__(self, load: Load, polling: Polling):
        """Has no models until `replace`."""
        self._load = load
        self._polling = polling
        # Both are replaced as a whole, so that a request sees one or the other.
        self._models: Mapping[str, Model] = {}
        self._labels: Labels = {}
        # Models that are served no more, but can still be asked about.
        self._removed: dict[str, Model] = {}
        self._reloading = threading.Lock()

    @contextmanager
    def servable(self, spec: model_pb2.ModelSpec) -> Iterator[Servable]:
        """The version that a request means; it stays loaded within the context.

        Raises:
          StatusError: There is no such model, version or label.
        """
        servable = self._acquire(spec)
        try:
            yield servable
        finally:
            servable.release()

    def statuses(self, spec: model_pb2.ModelSpec) -> Mapping[int, VersionStatus]:
        """How far the versions of a model are, or the one version that is named.

        Raises:
          StatusError: There is no such model or version.
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
        """Whether there is a model of a name."""
        return name in self._models

    def is_available(self) -> bool:
        """Whether all models have a version to serve."""
        return all(model.is_available() for model in self._models.values())

    def start(self, config: model_server_config_pb2.ModelServerConfig) -> None:
        """Takes the first configuration, and waits until all its models are available.

        That may take until someone releases a version.

        Raises:
          StatusError: The configuration is wrong, or a model cannot be loaded.
        """
        new = self.replace(config)
        for model in new:
            model.wait_until_found()
        self.wait_for(new, math.inf)

    def replace(self, config: model_server_config_pb2.ModelServerConfig) -> list[Model]:
        """Takes other models, policies or labels.

        Returns:
          The models that are new; they are loaded from now on.

        Raises:
          StatusError: The configuration is wrong, and nothing was changed.
        """
        if config.WhichOneof("config") != "model_config_list":
            raise invalid_argument(
                "ServerModelConfig type not supported by HandleReloadConfigRequest. "
                "Only ModelConfigList is currently supported"
            )
        configs = {each.name: each for each in config.model_config_list.config}
        with self._reloading:
            _check(config)
            labels = self._checked_labels(configs)
            old = self._models
            new = [
                Model(each, self._load, self._polling)
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

    def wait_for(self, models: list[Model], deadline: float) -> None:
        """Waits until models are available.

        Args:
          models: Some of the models.
          deadline: When nobody waits for the answer any more, by the monotonic clock.

        Raises:
          StatusError: One cannot be loaded, or not in time.
        """
        failed = []
        for model in models:
            left = deadline - time.monotonic()
            timeout = None if left == math.inf else max(left, 0.0)
            if not model.wait_until_settled(timeout):
                raise deadline_exceeded()
            if not model.is_available():
                failed.append(model)
        if failed:
            reasons = ", ".join(f"{{{_why_unavailable(model)}}}" for model in failed)
            raise StatusError(
                grpc.StatusCode.UNKNOWN,
                f"{len(failed)} servable(s) did not become available: {{{reasons}}}",
            )

    def stop(self) -> None:
        """Unloads everything, each version when its last request is answered."""
        with self._reloading:
            for model in self._models.values():
                model.stop()

    def _acquire(self, spec: model_pb2.ModelSpec) -> Servable:
        if not spec.name:
            raise invalid_argument("ModelSpec has no name specified.")
        version = self._version(spec)
        while True:
            model = self._models.get(spec.name)
            servable = None if model is None else model.servable(version)
            if servable is None:
                which = (
                    f"Latest({spec.name})"
                    if version is None
                    else f"Specific({spec.name}, {version})"
                )
                raise not_found(f"Servable not found for request: {which}")
            if servable.acquire():
                return servable
            # It was replaced in the meantime.

    def _version(self, spec: model_pb2.ModelSpec) -> int | None:
        """The version that a request names, if it names one."""
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
        """The labels of a configuration.

        A label may be given to a version that is still to be loaded, as TensorFlow
        Serving allows by `--allow_version_labels_for_unavailable_models`; but a label
        that requests use is moved to an available version only.
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


def _check(config: model_server_config_pb2.ModelServerConfig) -> None:
    """Checks each model of a configuration."""
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
        # What came before `model_platform` in configurations.
        old_style = model.model_type == model_server_config_pb2.TENSORFLOW
        if model.model_platform != ("" if old_style else PLATFORM):
            raise invalid_argument(
                f"Model {model.name} requests unsupported platform "
                f"{model.model_platform!r}; allowed: {PLATFORM!r}"
            )
        logging_config = model.logging_config
        if (
            model.HasField("logging_config")
            and not logging_config.log_collector_config.filename_prefix
        ):
            raise invalid_argument(
                f"Model {model.name} has a logging_config without a filename_prefix"
            )


def _why_unavailable(model: Model) -> str:
    errors = [
        f"name: {model.name} version: {version} due to error: {status.error}"
        for version, status in model.statuses().items()
        if status.state == get_model_status_pb2.ModelVersionStatus.END
        and status.error is not None
    ]
    nothing = f"name: {model.name}: no version found under {model.base_path}"
    return "; ".join(errors) or nothing
