"""Compiled pipelines, as written by `ctr kubeflow compile`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from config.errors import ConfigError

# As many as git's short names have: enough for the versions of one pipeline.
_DIGITS = 12


@dataclass(frozen=True)
class Parameter:
    """A parameter of a run.

    Attributes:
      type: `STRING`, `NUMBER_INTEGER`, `NUMBER_DOUBLE`, `BOOLEAN`, `LIST` or `STRUCT`.
      required: True if it has no default.
    """

    type: str
    required: bool


@dataclass(frozen=True)
class Package:
    """A compiled pipeline.

    Attributes:
      version: Digest of the content.
      tasks: Names of its tasks, without groups of tasks.
    """

    path: Path
    name: str
    version: str
    parameters: Mapping[str, Parameter]
    tasks: frozenset[str]

    @classmethod
    def read(cls, path: Path) -> Package:
        """Reads a compiled pipeline.

        Raises:
          ConfigError: The file cannot be read, or is not a compiled pipeline.
        """
        documents = _documents(path)
        spec = documents[0]
        try:
            name = spec["pipelineInfo"]["name"]
            root = spec["root"]
        except (KeyError, TypeError) as error:
            raise _malformed(path, f" ({error} is missing)") from error
        inputs = root.get("inputDefinitions", {}).get("parameters", {})
        content = json.dumps(documents, sort_keys=True, default=str)
        return cls(
            path=path,
            name=name,
            version=hashlib.sha256(content.encode()).hexdigest()[:_DIGITS],
            parameters={key: _parameter(value) for key, value in inputs.items()},
            tasks=frozenset(_tasks(spec, root["dag"])),
        )


def _tasks(spec: Mapping[str, Any], dag: Mapping[str, Any]) -> Iterator[str]:
    """Yields the names of a DAG's tasks, and of those in the DAGs in it."""
    for name, task in dag["tasks"].items():
        component = spec["components"][task["componentRef"]["name"]]
        if "dag" in component:
            yield from _tasks(spec, component["dag"])
        else:
            yield name


def _documents(path: Path) -> list[Any]:
    """Reads the PipelineSpec and, if there is one, the PlatformSpec."""
    try:
        documents = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror})") from error
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    if not documents or not isinstance(documents[0], dict):
        raise _malformed(path, "")
    return documents


def _malformed(path: Path, reason: str) -> ConfigError:
    return ConfigError(
        f"{path}: not a compiled pipeline{reason}; write one with "
        "`ctr kubeflow compile`"
    )


def _parameter(definition: Mapping[str, Any]) -> Parameter:
    optional = "defaultValue" in definition or definition.get("isOptional", False)
    return Parameter(type=definition["parameterType"], required=not optional)
