"""Lists that the server hands out in pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

_EQUALS = 1
_PAGE = 50


def named(name: str) -> str:
    """A filter by name, as the server reads it."""
    equals = {"operation": _EQUALS, "key": "display_name", "stringValue": name}
    return json.dumps({"predicates": [equals]})


def all_of(
    ask: Callable[..., Any], field: str, limit: int | None = None, **question: Any
) -> list[Any]:
    """Asks for page after page.

    Args:
      ask: A method of the client that lists something.
      field: What the answer has the items under.
      limit: The most that are asked for; None for all.
      **question: What else `ask` takes.

    Returns:
      The items.
    """
    return list(islice(_items(ask, field, question), limit))


def _items(ask: Callable[..., Any], field: str, question: Any) -> Iterator[Any]:
    token = ""
    while True:
        answer = ask(page_token=token, page_size=_PAGE, **question)
        yield from getattr(answer, field) or ()
        token = answer.next_page_token
        if not token:
            return
