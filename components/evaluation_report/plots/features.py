"""Plots of the importance and the drift of features."""

from __future__ import annotations

import plotly.graph_objects as go

from components.evaluation_report import formats
from components.evaluation_report.content import Distance, Importances
from components.evaluation_report.plots.plot import (
    BASELINE,
    CANDIDATE,
    Plot,
    make_plot,
    plain,
)

_MOST_FEATURES = 40
_MOST_DISTANCES = 12
# Below it two histograms look the same.
_VISIBLE = 0.001


def importance_plot(importances: Importances) -> Plot:
    """A bar for each feature, the most important on top."""
    features = importances.features[:_MOST_FEATURES][::-1]
    bars = go.Bar(
        x=[each.auc_loss for each in features],
        y=[plain(each.feature) for each in features],
        orientation="h",
        marker={"color": CANDIDATE},
        error_x={
            "array": [each.highest - each.auc_loss for each in features],
            "arrayminus": [each.auc_loss - each.lowest for each in features],
            "symmetric": False,
            "color": BASELINE,
            "thickness": 2,
            "width": 0,
        },
        hovertemplate="%{y}: %{x:.4f}<extra></extra>",
    )
    return make_plot(
        "importance",
        "AUC lost when a feature is shuffled",
        f"{_most_important(importances)} The table below has all features.",
        [bars],
        height=22 * len(features) + 70,
        xaxis={"title": {"text": "AUC lost"}},
        yaxis={"ticksuffix": "  "},
    )


def _most_important(importances: Importances) -> str:
    first = importances.features[0]
    if first.auc_loss <= 0.0:
        return "No feature is important: the AUC is no lower without its order."
    return (
        f"The most important feature is {first.feature}: without its order the AUC is "
        f"{first.auc_loss:.4f} lower."
    )


def distance_plots(distances: tuple[Distance, ...]) -> list[Plot]:
    """Both histograms of the features that are bounded, and of others that moved."""
    bounded = [each for each in distances if each.allowed is not None]
    others = [
        each for each in distances if each.allowed is None and each.value >= _VISIBLE
    ]
    room = max(0, _MOST_DISTANCES - len(bounded))
    return [_distance_plot(each) for each in [*bounded, *others[:room]]]


def _distance_plot(distance: Distance) -> Plot:
    then = "run before" if distance.kind == "drift" else "served"
    shares = distance.histograms
    labels = [plain(label) for label in shares.labels]
    traces = [
        go.Bar(name=name, x=labels, y=heights, marker={"color": colour})
        for name, heights, colour in (
            (then, shares.then, BASELINE),
            ("this run", shares.now, CANDIDATE),
        )
    ]
    return make_plot(
        f"{distance.kind}.{distance.feature}",
        f"{distance.feature}: {distance.kind} {distance.value:.4f}",
        f"Histograms of {distance.feature} in this run and in the {then} examples: "
        f"{formats.divergence(distance.value)} (Jensen-Shannon divergence "
        f"{distance.value:.4f}).",
        traces,
        height=240,
        barmode="group",
        xaxis={"type": "category", "tickfont": {"size": 10}},
        yaxis={"tickformat": ".1~%", "rangemode": "tozero"},
    )
