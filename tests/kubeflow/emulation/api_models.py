"""Requests compared with the models of kfp-server-api."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import kfp_server_api
from werkzeug.exceptions import BadRequest


def check_model(value: Any, kind: str, where: str) -> None:
    """Raises BadRequest where a value is not what a type of kfp-server-api says."""
    if kind.startswith("list["):
        for item in _of(value, list, where):
            check_model(item, kind[5:-1], where)
    elif kind.startswith("dict("):
        _of(value, dict, where)
    elif kind == "str":
        # int64 is a string in JSON; the real server takes a number as well.
        _of(value, (str, int), where)
    elif kind == "bool":
        _of(value, bool, where)
    elif kind == "datetime":
        datetime.fromisoformat(_of(value, str, where).replace("Z", "+00:00"))
    elif kind != "object":
        _check_fields(value, getattr(kfp_server_api, kind), where)


def _check_fields(value: Any, model: Any, where: str) -> None:
    if not model.openapi_types:
        if value not in model.allowable_values:
            raise BadRequest(f"{where}: {value!r} is no {model.__name__}")
        return
    attributes = {key: name for name, key in model.attribute_map.items()}
    for key, item in _of(value, dict, where).items():
        if key not in attributes:
            raise BadRequest(f"{where}: unknown field {key!r}")
        check_model(item, model.openapi_types[attributes[key]], f"{where}.{key}")


def _of(value: Any, kind: type | tuple[type, ...], where: str) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise BadRequest(f"{where}: {value!r} has the wrong type")
    return value
