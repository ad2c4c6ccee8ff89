"""`ctr release`: a person decides on releases, and on who is served which."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ctr.commands.options import (
    Command,
    Commands,
    add_config_options,
    add_decider,
    add_json,
    load,
    show,
    work_dir_of,
)

if TYPE_CHECKING:
    from config.root import Config
    from pipeline.review.decisions import Review
    from pipeline.workdir import WorkDir


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser(
        "release", help="list, approve, reject, roll back or label releases"
    )
    actions = command.add_subparsers(
        dest="action", required=True, metavar="ACTION", parser_class=Command
    )
    _add_list(actions)
    _add_approve(actions)
    _add_reject(actions)
    _add_rollback(actions)
    _add_label(actions)


def _add_list(actions: Commands) -> None:
    action = actions.add_parser("list", help="list the candidates of all runs")
    add_config_options(action)
    add_json(action)
    action.set_defaults(command=_list)


def _add_approve(actions: Commands) -> None:
    action = actions.add_parser("approve", help="release the candidate of a run")
    _add_decision(action, needs_note=False)
    action.add_argument(
        "--override",
        action="store_true",
        help="even if a gate blocked it or a person rejected it; is recorded",
    )
    action.add_argument(
        "--rollback",
        action="store_true",
        help="even if the released model is of newer examples, or of a later run",
    )
    action.set_defaults(command=_approve)


def _add_reject(actions: Commands) -> None:
    action = actions.add_parser("reject", help="reject the candidate of a run")
    _add_decision(action, needs_note=True)
    action.set_defaults(command=_reject)


def _add_decision(action: argparse.ArgumentParser, *, needs_note: bool) -> None:
    action.add_argument("run", metavar="RUN", help="id of a run")
    add_config_options(action)
    add_decider(action, needs_note=needs_note)


def _add_rollback(actions: Commands) -> None:
    action = actions.add_parser(
        "rollback", help="withdraw the newest version and serve the one before it again"
    )
    add_config_options(action)
    action.add_argument(
        "--by",
        metavar="NAME",
        help="your name; by default the login name",
    )
    action.add_argument("--note", default="", metavar="TEXT", help="reason")
    action.set_defaults(command=_rollback)


def _add_label(actions: Commands) -> None:
    action = actions.add_parser("label", help="set or remove labels of versions")
    action.add_argument(
        "labels",
        nargs="+",
        metavar="LABEL=VERSION",
        help="such as canary=1795266132; without a version the label is removed",
    )
    add_config_options(action)
    action.set_defaults(command=_label)


def _list(options: argparse.Namespace) -> int:
    from pipeline.review.listing import as_text, rows

    _, _, review = _open(options)
    newest, labels = review.newest(), review.labels()
    found = rows(review.history(), newest, labels)
    told = [row.model_dump(mode="json") for row in found]
    show(options, told, as_text(found, newest, labels))
    return 0


def _approve(options: argparse.Namespace) -> int:
    from pipeline.notifications import Notifier, of_decision
    from serving.releases.versions import version_path

    config, work_dir, review = _open(options)
    notifier = Notifier(config.notify)
    with work_dir.lock():
        released = review.approve(
            options.run, options.by, options.note, options.override, options.rollback
        )
    path = version_path(work_dir.model_dir(config), released.version)
    print(f"{options.run} is released as version {released.version}: {path}")
    notifier.notify(of_decision("released", config.name, released))
    return 0


def _reject(options: argparse.Namespace) -> int:
    _, work_dir, review = _open(options)
    with work_dir.lock():
        review.reject(options.run, options.by, options.note)
    print(f"{options.run} is rejected")
    return 0


def _rollback(options: argparse.Namespace) -> int:
    """Without the lock of the work directory: it does not wait for a run to end."""
    from pipeline.notifications import Notifier, of_decision
    from serving.releases.versions import version_path

    config, work_dir, review = _open(options)
    notifier = Notifier(config.notify)
    by = getpass.getuser() if options.by is None else options.by
    released, is_new = review.roll_back(by, options.note)
    run = released.run or "an unknown run"
    if is_new:
        path = version_path(work_dir.model_dir(config), released.version)
        print(f"rolled back: version {released.version} has the model of {run}: {path}")
        notifier.notify(of_decision("rolled_back", config.name, released))
    else:
        print(
            f"version {released.version}, which has the model of {run}, was rolled "
            "back to before, without a record; recorded now; to go further back, "
            "repeat this"
        )
    return 0


def _label(options: argparse.Namespace) -> int:
    """Without the lock of the work directory: it does not wait for a run to end."""
    _, _, review = _open(options)
    labels = review.label(_changes(options.labels))
    words = [f"{label}={version}" for label, version in sorted(labels.items())]
    print(f"labels: {' '.join(words) or 'none'}")
    return 0


def _changes(words: Sequence[str]) -> dict[str, int | None]:
    """The version of each label that is named; None for one to remove."""
    from config.errors import ReleaseError

    changes: dict[str, int | None] = {}
    for word in words:
        label, equals, version = word.partition("=")
        if not equals or not (version == "" or version.isdecimal()):
            raise ReleaseError(
                f"got {word!r}; allowed: LABEL=VERSION, with a number that ctr release "
                "list shows, or LABEL= to remove a label"
            )
        if label in changes:
            raise ReleaseError(f"label {label!r} is given twice; give it one version")
        changes[label] = int(version) if version else None
    return changes


def _open(options: argparse.Namespace) -> tuple[Config, WorkDir, Review]:
    from pipeline.metadata import existing_metadata
    from pipeline.review.decisions import Review

    config = load(options)
    work_dir = work_dir_of(options, config)
    review = Review(
        existing_metadata(config, work_dir),
        config.name,
        work_dir.model_dir(config),
        config.release.keep,
    )
    return config, work_dir, review
