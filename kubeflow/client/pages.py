"""Paged lists of the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

_EQUALS = 1
_PAGE_SIZE = 50


def named(name: str) -> str:
    """Returns the server's filter by display name."""
    equals = {"operation": _EQUALS, "key": "display_name", "stringValue": name}
    return json.dumps({"predicates": [equals]})


def all_of(
    method: Callable[..., Any], field: str, limit: int | None = None, **arguments: Any
) -> list[Any]:
    """Returns the items of all pages.

    Args:
      method: Method of the client that lists one page.
      field: Field of the answer that has the items.
      limit: Maximum number of items. Defaults to all.
      **arguments: Arguments of `method`.
    """
    return list(islice(_items(method, field, arguments), limit))


def newest(
    method: Callable[..., Any], field: str, limit: int, **arguments: Any
) -> list[Any]:
    """Returns the newest items; see `all_of`."""
    return all_of(method, field, limit, sort_by="created_at desc", **arguments)


def find(
    method: Callable[..., Any], field: str, name: str, **arguments: Any
) -> Any | None:
    """Returns the item of a display name, if there is one; see `all_of`."""
    found = all_of(method, field, 1, filter=named(name), **arguments)
    return found[0] if found else None


def _items(method: Callable[..., Any], field: str, arguments: Any) -> Iterator[Any]:
    token = ""
    while True:
        answer = method(page_token=token, page_size=_PAGE_SIZE, **arguments)
        yield from getattr(answer, field) or ()
        token = answer.next_page_token
        if not token:
            return
