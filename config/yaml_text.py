"""YAML whose plain scalars are what a person typed.

The core schema of YAML 1.2 (section 10.3.2), less the spellings of numbers and truth
values that would be written differently when written again: `NO`, `on`, `01234`,
`1_000`, `12:30:00`, `2024-01-01`, `0x1F`, `+5` and `0.10` are text. A setting that is a
number reads such a text as one where it is written as a number, so `1e-3` works.
Keys are text. A key that appears twice in a mapping is an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import yaml

_TAG = "tag:yaml.org,2002:"
_STR, _MERGE = f"{_TAG}str", f"{_TAG}merge"

# Tag, spellings and first characters, as PyYAML takes them.
_SCALARS = (
    (f"{_TAG}null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    (f"{_TAG}bool", r"true|false", ["t", "f"]),
    (f"{_TAG}int", r"-?(?:0|[1-9][0-9]*)", list("-0123456789")),
    (
        f"{_TAG}float",
        r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?",
        list("-0123456789"),
    ),
    (_MERGE, r"<<", ["<"]),
)


class _Loader(yaml.SafeLoader):
    # Each class has resolvers of its own; those of PyYAML are YAML 1.1.
    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        """Composes a mapping whose keys are text, each of them once."""
        node = super().compose_mapping_node(anchor)
        assert node is not None
        lines: dict[str, int] = {}
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.tag == _MERGE:
                continue
            key.tag = _STR
            line = key.start_mark.line + 1
            if key.value in lines:
                raise yaml.constructor.ConstructorError(
                    problem=f"key {key.value!r} appears twice, the first time at line "
                    f"{lines[key.value]}",
                    problem_mark=key.start_mark,
                )
            lines[key.value] = line
        return node

    def construct_number(self, node: yaml.ScalarNode) -> int | float | str:
        """A number that is written as it was typed; any other text stays text."""
        text = self.construct_scalar(node)
        number = _number(text)
        return text if number is None else number


class _Dumper(yaml.SafeDumper):
    """Quotes what YAML 1.1 or `_Loader` would read as something else than text."""

    def ignore_aliases(self, data: Any) -> bool:
        """Writes a value that appears twice in full."""
        return True

    def represent_text(self, value: str) -> yaml.ScalarNode:
        """Escapes what no terminal shows, and line breaks that reading would fold."""
        style = None if value.isprintable() else '"'
        return self.represent_scalar(_STR, value, style)

    def represent_number(self, value: float) -> yaml.ScalarNode:
        """The shortest text that stands for the number."""
        return self.represent_scalar(f"{_TAG}float", repr(value))


for _tag, _spelling, _first in _SCALARS:
    for _class in (_Loader, _Dumper):
        _class.add_implicit_resolver(_tag, re.compile(f"^(?:{_spelling})$"), _first)
_Loader.add_constructor(f"{_TAG}int", _Loader.construct_number)
_Loader.add_constructor(f"{_TAG}float", _Loader.construct_number)
_Loader.add_constructor(_MERGE, lambda _, node: node.value)
_Dumper.add_representer(str, _Dumper.represent_text)
_Dumper.add_representer(float, _Dumper.represent_number)


def from_yaml(text: str) -> Any:
    """Reads a document.

    Raises:
      yaml.YAMLError: The text is no YAML, or a key appears twice.
      RecursionError: It is nested too deeply.
    """
    return yaml.load(text, _Loader)


def to_yaml(value: Any, *, flow: bool = False) -> str:
    """Writes keys and values, so that `from_yaml` reads the same.

    With `flow` it is one line, as in `{a: [1, 2]}`.
    """
    text = all_to_yaml([value], flow=flow).removesuffix("\n")
    # The mark that ends a document of one plain scalar.
    return text.removesuffix("\n...") + "\n"


def all_to_yaml(values: Iterable[Any], *, flow: bool = False) -> str:
    """Writes several documents, as `to_yaml` does one."""
    text: str = yaml.dump_all(
        values,
        Dumper=_Dumper,
        default_flow_style=flow,
        sort_keys=False,
        allow_unicode=True,
        width=10**9,
    )
    return text


def _number(text: str) -> int | float | None:
    """The number whose own text this is."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if repr(number) == text:
            return number
    return None
