"""From a YAML file and `--set` overrides to a checked configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pydantic
import yaml
from pydantic_core import ErrorDetails

from config.base import absolute_path
from config.errors import ConfigError, close_to
from config.features import FEATURE_KINDS
from config.names import as_key
from config.root import Config
from config.secrets import masked
from config.yaml_text import from_yaml
from config.yaml_text import to_yaml as yaml_of

# A key of a key path; one with dots or equals signs in it is in quotes.
_KEY = re.compile(r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^.='"][^.=]*)""")
_OVERRIDE = re.compile(
    rf"(?P<path>{_KEY.pattern}(?:\.{_KEY.pattern})*)=(?P<value>.*)", re.DOTALL
)


def load_config(
    path: Path,
    overrides: Sequence[str] = (),
    data: str | None = None,
    span: str | None = None,
) -> Config:
    """Reads a configuration; relative paths in it are made absolute from its folder.

    Args:
      path: The YAML file.
      overrides: `key.path=value` each, with the value in YAML; the last one wins. A
        key with dots is in quotes: `features."City.Name".kind=hashed`.
      data: Overrides `examples.root`, relative to the current folder.
      span: Overrides `examples.spans.newest`.

    Raises:
      ConfigError: The file cannot be read or does not fit; the message names the key
        path, what was received and what is allowed.
    """
    tree = _read_yaml(path)
    for override in overrides:
        _apply_override(tree, override)
    if span is not None:
        _name_span(tree, span)
    config = parse_config(tree, str(path), path.parent)
    if data is None:
        return config
    examples = config.examples.model_copy(update={"root": absolute_path(data, "")})
    return config.model_copy(update={"examples": examples})


def parse_config(
    tree: dict[str, Any], where: str, folder: Path | None = None
) -> Config:
    """Checks a configuration.

    Args:
      tree: Its keys and values.
      where: Their source, for the message.
      folder: Makes relative paths absolute; None keeps them as they are.

    Raises:
      ConfigError: It does not fit: see `load_config`.
    """
    try:
        return Config.model_validate(tree, context=folder)
    except pydantic.ValidationError as error:
        problem = _first_problem(error, tree)
        raise ConfigError(_one_line(f"{where}: {problem}")) from error


def to_yaml(config: Config) -> str:
    """The configuration with every default, and without secrets, as YAML."""
    return yaml_of(masked(config.model_dump(mode="json")))


def _read_yaml(path: Path) -> dict[str, Any]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ConfigError(_one_line(f"{path}: cannot be read ({reason})")) from error
    tree = _parse(text, str(path))
    if not isinstance(tree, dict):
        raise ConfigError(
            f"{path}: expected keys and values at the top, got {type(tree).__name__}"
        )
    return tree


def _parse(text: str, where: str) -> Any:
    try:
        tree = from_yaml(text)
        # Fails where an alias stands for what it is in, which nothing can walk through.
        json.dumps(tree, skipkeys=True, default=str)
        return tree
    # Besides its own errors, PyYAML lets through those of the constructors of dates
    # and numbers, and runs out of stack on deep nesting.
    except (yaml.YAMLError, ValueError, AttributeError, RecursionError) as error:
        line = _one_line(f"{where}: not valid YAML: {_reason(error)}")
        # A cause would be in tracebacks; it quotes the line, and so passwords in it.
        raise ConfigError(line) from None


def _reason(error: Exception) -> str:
    """Describes an error of YAML and its place, without the text itself."""
    if not isinstance(error, yaml.MarkedYAMLError):
        return str(error)
    words = [text for text in (error.context, error.problem) if text]
    mark = error.problem_mark or error.context_mark
    at = f" at line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    return ", ".join(words) + at


def _apply_override(tree: dict[str, Any], override: str) -> None:
    match = _OVERRIDE.fullmatch(override)
    if match is None:
        option = _one_line(f"--set {_shorten(override, str)}")
        raise ConfigError(f"{option}: expected KEY.PATH=VALUE")
    # Without the value, which may be a secret.
    option = _one_line(f"--set {_shorten(match['path'], str)}")
    value = _parse(match["value"], option)
    *parents, last = (_unquoted(key, option) for key in _KEY.findall(match["path"]))
    node = tree
    for parent in parents:
        node = node.setdefault(parent, {})
        if not isinstance(node, dict):
            raise ConfigError(f"{option}: {parent!r} is not a block of keys")
    node[last] = value


def _unquoted(key: str, where: str) -> str:
    return str(_parse(key, where)) if key[0] in "'\"" else key


def _name_span(tree: dict[str, Any], span: str) -> None:
    examples = tree.get("examples")
    spans = examples.get("spans") if isinstance(examples, dict) else None
    if not isinstance(spans, dict):
        raise ConfigError(
            _one_line(
                f"--span {_shorten(span, str)}: the configuration has no "
                "examples.spans; add it, or leave --span out"
            )
        )
    spans["newest"] = span


def _first_problem(error: pydantic.ValidationError, tree: dict[str, Any]) -> str:
    problems = error.errors(include_url=False)
    problem = problems[0]
    where = _key_path(problem["loc"], tree)
    if problem["type"] == "value_error":
        message = problem["msg"].removeprefix("Value error, ")
        return f"{where}: {message}" if where else message
    if problem["type"] == "missing":
        return f"{where}.{problem['loc'][-1]}: this key is missing".removeprefix(".")
    if problem["type"].startswith("union_tag"):
        return f"{where}.kind: {_wrong_kind(problem['input'])}"
    # Each member of a union has a problem of its own with the same value.
    same = [other for other in problems if _key_path(other["loc"], tree) == where]
    expected = ", or ".join(dict.fromkeys(map(_expectation, same)))
    keys = [key for key in _keys(problem["loc"], tree) if isinstance(key, str)]
    received = masked(problem["input"], tuple(keys))
    close = close_to(str(problem["input"]), _literals(same))
    return f"{where}: got {_shorten(received)}; {expected}{close}"


def _wrong_kind(feature: Mapping[str, object]) -> str:
    allowed = ", ".join(FEATURE_KINDS)
    if "kind" not in feature:
        return f"this key is missing; allowed: {allowed}"
    kind = feature["kind"]
    close = close_to(str(kind), FEATURE_KINDS)
    return f"got {_shorten(kind)}; allowed: {allowed}{close}"


def _literals(problems: Sequence[ErrorDetails]) -> list[str]:
    """The texts that would be allowed; pydantic has them in one line, quoted."""
    lines = [
        each["ctx"]["expected"] for each in problems if each["type"] == "literal_error"
    ]
    return [text for line in lines for text in re.findall("'([^']+)'", line)]


def _expectation(problem: ErrorDetails) -> str:
    if problem["type"] in ("model_type", "model_attributes_type", "dict_type"):
        return "expected a block of keys and values"
    if problem["type"] == "tuple_type":
        return "expected a list"
    if problem["type"] == "too_short":
        return f"expected at least {problem['ctx']['min_length']}"
    message = problem["msg"]
    return message[0].lower() + message[1:]


def _key_path(loc: tuple[int | str, ...], tree: object) -> str:
    """Formats pydantic's path, such as `features.age.buckets`."""
    steps = (
        f"[{key}]" if isinstance(key, int) else f".{as_key(key)}"
        for key in _keys(loc, tree)
    )
    return "".join(steps).removeprefix(".")


def _keys(loc: tuple[int | str, ...], tree: object) -> Iterator[str | int]:
    """The keys and the indices in pydantic's path, which also has tags."""
    for part in loc:
        if isinstance(tree, dict) and part in tree:
            yield str(part)
            tree = tree[part]
        elif isinstance(tree, list) and isinstance(part, int) and part < len(tree):
            yield part
            tree = tree[part]


def _shorten(
    value: object, text_of: Callable[[object], str] = repr, limit: int = 60
) -> str:
    text = text_of(masked(value))
    return text if len(text) <= limit else text[: limit - 3] + "..."


def _one_line(text: str) -> str:
    words = " ".join(text.split())
    return "".join(char if char.isprintable() else "?" for char in words)
