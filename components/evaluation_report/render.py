"""From the content of a report to a page that needs nothing else."""

from __future__ import annotations

import hashlib
import itertools
from pathlib import Path
from typing import Any

import jinja2
from plotly import offline

from components.evaluation_report import formats, verdict
from components.evaluation_report.content import Report
from components.evaluation_report.plots.curves import curve_plots, curve_points
from components.evaluation_report.plots.features import distance_plots, importance_plot
from components.evaluation_report.plots.plot import Plot
from components.evaluation_report.plots.slices import slices_plot
from components.evaluation_report.plots.training import training_plots
from components.evaluation_report.tables import overall_rows, slice_table
from components.evaluator.slices import FEWEST_EXAMPLES
from config.yaml_text import to_yaml

TEMPLATES = Path(__file__).parent / "templates"
_PAGE = "report.html.j2"


def templates_digest() -> str:
    """Identifies the templates: TFX's cache is to know when they change."""
    digest = hashlib.sha256()
    for path in sorted(TEMPLATES.iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def render_page(report: Report) -> str:
    """The page of a report."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    page = environment.get_template(_PAGE)
    return page.render(_view(report))


def _view(report: Report) -> dict[str, Any]:
    """Returns the variables of the templates."""
    evaluation, curves = report.evaluation, report.curves
    plots: dict[str, list[Plot]] = {"slices": [], "curves": [], "training": []}
    if evaluation is not None and (scatter := slices_plot(evaluation)):
        plots["slices"] = [scatter]
    by_slice = curves.root if curves is not None else {}
    for name, first in itertools.islice(by_slice.items(), 1):
        plots["curves"] = curve_plots(first, name)
    if report.training is not None:
        plots["training"] = training_plots(report.training)
    if report.importances is not None:
        plots["importance"] = [importance_plot(report.importances)]
    plots["distances"] = distance_plots(report.data.distances)
    return {
        "report": report,
        "formats": formats,
        "verdict": verdict,
        "fewest_examples": FEWEST_EXAMPLES,
        "rows": overall_rows(evaluation) if evaluation else [],
        "table": slice_table(evaluation) if evaluation else None,
        "plots": plots,
        "figures": {plot.name: plot.figure for each in plots.values() for plot in each},
        "curves": {name: curve_points(each) for name, each in by_slice.items()},
        "config": to_yaml(report.lineage.config),
        "style": (TEMPLATES / "report.css").read_text(),
        "script": (TEMPLATES / "report.js").read_text(),
        "plotly": offline.get_plotlyjs(),
    }
