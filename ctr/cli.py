"""The `ctr` command; what each of its commands does is in `ctr.commands`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import Any

from config.garbage import collect_rarely
from ctr.commands import (
    ablate,
    bench,
    config,
    history,
    init,
    kubeflow,
    neighbors,
    predict,
    release,
    report,
    run,
    serve,
    simulate,
    skew,
    trials,
)
from ctr.commands.options import INTERRUPTED, Command, add_debug

_COMMANDS = (
    simulate,
    history,
    init,
    config,
    run,
    report,
    ablate,
    release,
    serve,
    predict,
    skew,
    bench,
    trials,
    neighbors,
    kubeflow,
)

# A shell's status of a process that SIGPIPE ended.
_NOBODY_READS = 141
_FAILED = 1


class _Version(argparse.Action):
    """Prints the version; argparse's own would need it for each command."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from importlib.metadata import version

        print(f"{parser.prog} {version('ctr-pipeline')}")
        parser.exit()


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command.

    Args:
      arguments: Command line; by default that of the process.

    Returns:
      The exit status: 0 done; 2 wrong use or bad input; 3 stopped by a gate; 130
      interrupted; 141 nobody reads what it prints; 1 anything else.
    """
    collect_rarely()
    options = _parser().parse_args(arguments)
    try:
        status: int = options.command(options)
        sys.stdout.flush()
        return status
    except BrokenPipeError:
        # `ctr report | head`: Python would fail to flush standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    except KeyboardInterrupt:
        print("interrupted; run the same command to go on", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if options.debug:
            raise
        return _explain(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ctr",
        description="Click-through-rate models: train, evaluate, release and serve.",
    )
    parser.set_defaults(debug=False)
    add_debug(parser)
    parser.add_argument(
        "--version", action=_Version, nargs=0, help="show the version, and exit"
    )
    commands = parser.add_subparsers(
        dest="name", required=True, metavar="COMMAND", parser_class=Command
    )
    for each in _COMMANDS:
        each.add(commands)
    return parser


def _explain(error: Exception) -> int:
    """Prints one line about an error; returns the exit status."""
    from config.errors import find_user_error
    from config.secrets import mask_passwords

    user_error = find_user_error(error)
    if user_error is not None:
        print(f"error: {user_error}", file=sys.stderr)
        return user_error.exit_status
    if isinstance(error, OSError) and error.filename is not None:
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        return _FAILED
    lines = str(error).strip().splitlines() or [""]
    words = f"{type(error).__name__}: {mask_passwords(lines[-1])}"
    print(f"error: {words} (--debug shows where)", file=sys.stderr)
    return _FAILED


if __name__ == "__main__":
    sys.exit(main())
