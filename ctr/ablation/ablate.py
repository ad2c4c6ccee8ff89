"""Trains the model of a run without each of some features, and shows the change."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from rich.table import Table

from components.evaluation_report.content import Ablation, Ablations, read_content
from components.evaluation_report.files import ABLATION_PAGE_FILE
from components.evaluation_report.render import render_page
from config.console import add_row, new_table
from config.errors import InputError
from config.root import Config
from ctr.ablation.measure import (
    Labels,
    Quality,
    eval_labels,
    quality,
    train_and_score,
)
from ctr.ablation.training_inputs import Trained, find_trained
from pipeline.metadata import connection_config
from pipeline.progress import Progress
from pipeline.workdir import WorkDir

# In the folder of a run.
ABLATION_FILE = "ablation.json"


def ablate_run(
    config: Config,
    work_dir: WorkDir,
    folder: Path,
    features: Sequence[str],
    progress: Progress,
) -> Ablations:
    """Measures what features of a run are worth, and leaves a page that tells it too.

    The report of the run stays as it is, since a release is known by its digest.

    Args:
      folder: The folder of the run; its name is the run's id.
      features: The features; none for all.

    Raises:
      InputError: The run trained no model, has no such feature, or cannot tell.
    """
    # First, since it may be an error, and training takes long.
    report = read_content(str(folder))
    connection = connection_config(config, work_dir)
    trained = find_trained(config, connection, folder.name)
    found = ablate(trained, features or list(trained.part.features), progress)
    (folder / ABLATION_FILE).write_text(found.model_dump_json(indent=1))
    page = render_page(report.model_copy(update={"ablations": found}))
    (folder / ABLATION_PAGE_FILE).write_text(page)
    return found


def ablate(trained: Trained, features: Iterable[str], progress: Progress) -> Ablations:
    """Trains anew with all features, and without each of some.

    Raises:
      InputError: There is no such feature, or nothing would be left; or all examples
        of the eval split have one label.
    """
    names = list(dict.fromkeys(features))
    _check_features(trained, names)
    labels = eval_labels(trained)
    if len(np.unique(labels)) < 2:
        raise InputError(
            "all examples of the eval split have the same label, so there is no AUC; "
            "name a run whose eval split has both"
        )
    full = _measured("All features", trained, labels, progress)
    ablations = []
    for name in names:
        rest = trained.without(name)
        without = _measured(f"Without {name}", rest, labels, progress)
        ablation = Ablation(
            feature=name,
            columns=tuple(each for each in trained.columns if each not in rest.columns),
            auc=without.auc,
            auc_change=without.auc - full.auc,
            log_loss=without.log_loss,
            log_loss_change=without.log_loss - full.log_loss,
        )
        ablations.append(ablation)
    ablations.sort(key=lambda each: each.auc_change)
    return Ablations(
        examples=len(labels),
        auc=full.auc,
        log_loss=full.log_loss,
        features=tuple(ablations),
    )


def ablations_table(found: Ablations) -> Table:
    """The model with all features, and without each; the largest loss of AUC first."""
    title = f"Trained anew, measured on {found.examples:,} examples"
    headings = ("AUC", "change", "log loss", "change")
    table = new_table(title, ("trained without",), headings)
    table.add_row("(all features)", f"{found.auc:.4f}", "", f"{found.log_loss:.4f}", "")
    table.add_section()
    for each in found.features:
        auc = f"{each.auc:.4f}", f"{each.auc_change:+.4f}"
        log_loss = f"{each.log_loss:.4f}", f"{each.log_loss_change:+.4f}"
        add_row(table, (each.feature, *auc, *log_loss))
    return table


def _check_features(trained: Trained, names: Sequence[str]) -> None:
    known = trained.part.features
    for name in names:
        if name not in known:
            raise InputError(
                f"--features: unknown feature {name!r}; allowed: {', '.join(known)}"
            )
    if len(known) == 1:
        raise InputError(
            f"the run has one feature only, {', '.join(known)}: without it nothing is "
            "left to train on"
        )


def _measured(
    what: str, trained: Trained, labels: Labels, progress: Progress
) -> Quality:
    progress.start(what)
    began = time.monotonic()
    found = quality(labels, train_and_score(trained))
    progress.end(time.monotonic() - began, cached=False)
    return found
