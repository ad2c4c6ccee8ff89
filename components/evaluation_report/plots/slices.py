"""AUC of the slices against their size."""

from __future__ import annotations

import itertools
from typing import Any

import plotly.graph_objects as go

from components.evaluation_report import formats
from components.evaluation_report.plots.plot import (
    BASELINE,
    CANDIDATE,
    FAILED,
    Plot,
    make_plot,
    plain,
)
from components.evaluation_report.tables import MOST_SLICES
from components.evaluator.record import Evaluation
from components.evaluator.slices import OVERALL_NAME

_SIZES = [digit * 10**power for power in range(10) for digit in (1, 2, 5)]
_TICKS = {"tickvals": _SIZES, "ticktext": [f"{size:,}" for size in _SIZES]}


def slices_plot(evaluation: Evaluation) -> Plot | None:
    """A point for each slice in the table that has an AUC; None where there is none."""
    aucs = dict(itertools.islice(evaluation.slice_aucs().items(), MOST_SLICES))
    if not aucs:
        return None
    failed = {gate.slice for gate in evaluation.gates if gate.status == "failed"}
    groups = {
        "slice": {name: auc for name, auc in aucs.items() if name not in failed},
        "slice that fails a gate": {
            name: auc for name, auc in aucs.items() if name in failed
        },
    }
    looks = {
        "slice": {"color": CANDIDATE, "symbol": "circle", "size": 8},
        "slice that fails a gate": {"color": FAILED, "symbol": "diamond", "size": 10},
    }
    traces = [
        _points(evaluation, kind, members, looks[kind])
        for kind, members in groups.items()
        if members
    ]
    overall = evaluation.candidate[OVERALL_NAME].get("auc")
    if overall is not None:
        sizes = [evaluation.candidate[name].get("examples") or 0.0 for name in aucs]
        ends = [min(sizes), max(sizes)]
        dash = {"color": BASELINE, "dash": "dash", "width": 1.5}
        traces.append(
            go.Scatter(
                name="all examples", x=ends, y=[overall] * 2, mode="lines", line=dash
            )
        )
    return make_plot(
        "slices",
        "AUC of each slice against its size",
        f"{len(aucs)} slices with an AUC between {min(aucs.values()):.4f} and "
        f"{max(aucs.values()):.4f}. The table below has the figures.",
        traces,
        xaxis={"type": "log", "title": {"text": "examples"}, **_TICKS},
        yaxis={"title": {"text": "AUC"}},
    )


def _points(
    evaluation: Evaluation, kind: str, aucs: dict[str, float], look: dict[str, Any]
) -> go.Scatter:
    bounds = {name: evaluation.interval("candidate", name, "auc") for name in aucs}
    above, below = [], []
    for name, auc in aucs.items():
        low, high = bounds[name] or (auc, auc)
        above.append(high - auc)
        below.append(auc - low)
    return go.Scatter(
        name=kind,
        x=[evaluation.candidate[name].get("examples") for name in aucs],
        y=list(aucs.values()),
        mode="markers",
        marker=look,
        error_y={
            "array": above,
            "arrayminus": below,
            "symmetric": False,
            "thickness": 1,
            "width": 0,
        },
        text=[_hover(name, auc, bounds[name]) for name, auc in aucs.items()],
        hovertemplate="%{text}<br>%{x:,} examples<extra></extra>",
    )


def _hover(name: str, auc: float, bounds: tuple[float, float] | None) -> str:
    known = f" ({formats.interval(bounds)})" if bounds else ""
    return f"{plain(name)}<br>AUC {auc:.4f}{known}"
