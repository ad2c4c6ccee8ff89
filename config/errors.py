"""Errors that a person caused and a person can mend.

Each carries one line with what was received, what is allowed and what to do; the
`ctr` command prints that line and exits with `exit_status`. Anything else that is
raised is a fault of ours or of the machine (exit status 1).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from config.secrets import mask_passwords

# Close matches among more would take longer than a person waits for an error.
_MOST_COMPARED = 50_000
_MOST_SHOWN = 5


class UserError(Exception):
    """Base of all errors that are shown as one line, without a traceback."""

    exit_status = 2

    def __init__(self, message: str):
        """Makes one line of the message, without passwords, whatever it quotes."""
        line = " ".join(line.strip() for line in message.splitlines())
        super().__init__(mask_passwords(line))


class ConfigError(UserError):
    """The configuration cannot be used."""


class InputError(UserError):
    """Examples are missing, unreadable or malformed."""


class ReleaseError(UserError):
    """A model cannot be released, or taken back, as was asked."""


class WorkDirError(UserError):
    """The work directory is in use, full or not writable."""

    exit_status = 1


class RunError(UserError):
    """A component failed for a reason that is neither input nor configuration."""

    exit_status = 1


class KubeflowError(UserError):
    """Kubeflow Pipelines cannot be reached, or refuses what was asked."""

    exit_status = 1


class GateError(UserError):
    """A gate stopped the run: an anomaly, a threshold or the infrastructure."""

    exit_status = 3


def close_to(word: str, words: Iterable[str]) -> str:
    """`; did you mean ...?` where some words are like one, else nothing.

    Upper and lower case are alike.
    """
    by_folded = {each.casefold(): each for each in islice(words, _MOST_COMPARED)}
    matches = difflib.get_close_matches(word.casefold(), by_folded, n=3)
    close = [by_folded[match] for match in matches]
    return f"; did you mean {' or '.join(map(repr, close))}?" if close else ""


def close_to_or_some(word: str, words: Sequence[str]) -> str:
    """The words that are like one, else the first few: `; there are 'a' and 'b'`."""
    more = len(words) - _MOST_SHOWN
    shown = [*map(repr, words[:_MOST_SHOWN]), *([f"{more:,} more"] if more > 0 else [])]
    return close_to(word, words) or (f"; there are {', '.join(shown)}" if shown else "")


def find_user_error(error: BaseException) -> UserError | None:
    """Finds the user error behind an error that a runner raised, if there is one.

    Beam's runners carry an exception over to the caller as the text of a remote
    traceback inside a RuntimeError, so its type survives only as the name that
    starts the traceback's last line. Causes and contexts are searched too.
    """
    for link in _chain(error):
        if isinstance(link, UserError):
            return _without_step(link)
        if from_text := _from_traceback_text(str(link)):
            return _without_step(from_text)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and what is behind it; Python allows such a chain to be a ring."""
    seen: list[BaseException] = []
    link: BaseException | None = error
    while link is not None and link not in seen:
        yield link
        seen.append(link)
        link = link.__cause__ or link.__context__


_REMOTE_ERROR = re.compile(
    rf"^{re.escape(__name__)}\.(?P<name>\w+): (?P<message>.*)$", re.MULTILINE
)
# Beam's suffix of the message of an error.
_STEP = re.compile(r" \[while running '[^']*'\]$")


def _from_traceback_text(text: str) -> UserError | None:
    kinds = {cls.__name__: cls for cls in (ConfigError, InputError, GateError)}
    for match in _REMOTE_ERROR.finditer(text):
        if match["name"] in kinds:
            return kinds[match["name"]](match["message"])
    return None


def _without_step(error: UserError) -> UserError:
    message, steps = _STEP.subn("", str(error))
    return type(error)(message) if steps else error
