"""Table of the value of features."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from components.evaluation_report.content import Ablations


def ablations_table(found: Ablations) -> Table:
    """The model with all features, and without each; the largest loss of AUC first."""
    table = Table(
        "trained without",
        title=f"Trained anew, measured on {found.examples:,} examples",
        title_justify="left",
    )
    for heading in ("AUC", "change", "log loss", "change"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_row("(all features)", f"{found.auc:.4f}", "", f"{found.log_loss:.4f}", "")
    table.add_section()
    for each in found.features:
        table.add_row(
            # As Text: brackets in a name are no markup.
            Text(each.feature),
            f"{each.auc:.4f}",
            f"{each.auc_change:+.4f}",
            f"{each.log_loss:.4f}",
            f"{each.log_loss_change:+.4f}",
        )
    return table
