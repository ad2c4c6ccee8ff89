"""`ctr report`: the report of a run, or the comparison of two."""

from __future__ import annotations

import argparse
import shlex
from typing import TYPE_CHECKING

from ctr.commands.options import (
    Commands,
    add_config_options,
    add_json,
    load,
    same_pipeline,
    silence,
    work_dir_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from pipeline.run.summary import Summary


def add(commands: Commands) -> None:
    """Adds the command."""
    command = commands.add_parser("report", help="show the report of a run")
    add_config_options(command)
    command.add_argument(
        "runs",
        nargs="*",
        metavar="RUN",
        help="id of a run, by default the latest; two are shown side by side",
    )
    how = command.add_mutually_exclusive_group()
    how.add_argument("--open", action="store_true", help="open the page in a browser")
    how.add_argument("--text", action="store_true", help="print all that the page says")
    add_json(how)
    command.set_defaults(command=_report)


def _report(options: argparse.Namespace) -> int:
    from config.errors import InputError

    work_dir = work_dir_of(options, load(options)).path
    folders = [work_dir / run for run in options.runs or ["latest"]]
    if len(folders) > 2:
        raise InputError(f"got {len(folders)} runs; name one, or two to compare them")
    if len(folders) == 1:
        _show(folders[0], options)
    elif options.open:
        raise InputError("--open: a page is of one run; name one, or leave --open out")
    else:
        _compare(folders[0], folders[1], options)
    return 0


def _show(folder: Path, options: argparse.Namespace) -> None:
    from rich.console import Console

    from pipeline.run.summary import read_summary, render

    summary = read_summary(folder)
    if options.json:
        print(summary.model_dump_json(indent=2))
    elif options.open:
        _open(folder)
    else:
        console = Console()
        # Rich would end the command by itself where nobody reads on.
        with console.capture() as captured:
            if options.text:
                _print_report(folder, summary, console)
            else:
                render(summary, console)
        print(captured.get(), end="")
        if summary.verdict == "awaiting_approval":
            same = shlex.join(same_pipeline(options))
            print(f"Since:  ctr release list {same}   (what was decided)")


def _print_report(folder: Path, summary: Summary, console: Console) -> None:
    from pipeline.run.summary import render_headline, render_run

    with silence():
        from components.evaluation_report.content import read_content
        from components.evaluation_report.terminal import render_report

        report = read_content(str(folder))
    render_headline(summary, console)
    render_report(report, console)
    render_run(summary, console)


def _open(folder: Path) -> None:
    import webbrowser

    from components.evaluation_report.files import PAGE_FILE
    from config.errors import InputError

    page = (folder / PAGE_FILE).resolve()
    if not page.exists():
        raise InputError(f"{page}: this run has no page; run `ctr run` again")
    if not webbrowser.open(page.as_uri()):
        raise InputError(f"found no browser; open {page} in one")
    print(page)


def _compare(before: Path, now: Path, options: argparse.Namespace) -> None:
    from rich.console import Console

    from pipeline.run.comparison import compare_runs, render_comparison

    comparison = compare_runs(before, now)
    if options.json:
        print(comparison.model_dump_json(indent=2))
    else:
        render_comparison(comparison, Console())
