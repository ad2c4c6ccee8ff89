"""Errors that a person caused and a person can mend.

Each carries one line with what was received, what is allowed and what to do; the
`ctr` command prints that line and exits with `exit_status`. Anything else that is
raised is a fault of ours or of the machine (exit status 1).
"""

from __future__ import annotations

import re


class UserError(Exception):
    """Base of all errors that are shown as one line, without a traceback."""

    exit_status = 2


class ConfigError(UserError):
    """The configuration cannot be used."""


class InputError(UserError):
    """Examples are missing, unreadable or malformed."""


class WorkDirError(UserError):
    """The work directory is in use, full or not writable."""

    exit_status = 1


class RunError(UserError):
    """A component failed for a reason that is neither input nor configuration."""

    exit_status = 1


class GateError(UserError):
    """A gate stopped the run: an anomaly, a threshold or the infrastructure."""

    exit_status = 3


def find_user_error(error: BaseException) -> UserError | None:
    """Finds the user error behind an error that a runner raised.

    Beam's runners carry an exception over to the caller as the text of a remote
    traceback inside a RuntimeError, so its type survives only as the name that
    starts the traceback's last line.

    Args:
      error: What was caught; its causes and contexts are searched too.

    Returns:
      The first user error found, or None where there is none.
    """
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, UserError):
            return seen
        if from_text := _from_traceback_text(str(seen)):
            return from_text
        seen = seen.__cause__ or seen.__context__
    return None


_REMOTE_ERROR = re.compile(
    r"^pipeline\.errors\.(?P<name>\w+): (?P<message>.*?)(?: \[while running .*)?$",
    re.MULTILINE,
)


def _from_traceback_text(text: str) -> UserError | None:
    kinds = {cls.__name__: cls for cls in (ConfigError, InputError, GateError)}
    for match in _REMOTE_ERROR.finditer(text):
        if match["name"] in kinds:
            return kinds[match["name"]](match["message"])
    return None
