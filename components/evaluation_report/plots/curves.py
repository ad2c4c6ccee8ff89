"""ROC, precision and recall, calibration and predictions, of a chosen slice."""

from __future__ import annotations

import math
from typing import Any

import plotly.graph_objects as go

from components.evaluation_report.plots.plot import (
    BASELINE,
    CANDIDATE,
    Plot,
    make_plot,
)
from components.evaluator.curves import Curve, Group, SliceCurves

_XY = tuple[list[float], list[float]]
_NOTHING: _XY = ([], [])
_DIAGONAL: _XY = ([0.0, 1.0], [0.0, 1.0])

_LOOKS = (
    {"color": CANDIDATE, "width": 2},
    {"color": BASELINE, "width": 2, "dash": "dot"},
    {"color": BASELINE, "width": 1, "dash": "dash"},
)


def curve_points(curves: SliceCurves) -> dict[str, list[_XY]]:
    """The points of all lines of each plot, by its name, for one slice."""
    candidate, baseline = _lines(curves.candidate), _lines(curves.baseline)
    guides = {
        "roc": [_DIAGONAL],
        "precision_recall": [_chance(curves)],
        "calibration": [_calibrated(curves)],
        "histogram": [],
    }
    return {name: [candidate[name], baseline[name], *guides[name]] for name in _PLOTS}


def curve_plots(curves: SliceCurves, title: str) -> list[Plot]:
    """The plots of one slice.

    Args:
      curves: Its curves.
      title: Names the slice.
    """
    points = curve_points(curves)
    shown = ["candidate"] if curves.baseline is None else ["candidate", "baseline"]
    return [
        _plot(name, heading, f"{heading}: {title}.", points[name], shown, guide, layout)
        for name, (heading, guide, layout) in _PLOTS.items()
    ]


def _plot(
    name: str,
    heading: str,
    text: str,
    points: list[_XY],
    shown: list[str],
    guide: str,
    layout: dict[str, Any],
) -> Plot:
    shape = {"shape": "hv"} if name == "histogram" else {}
    # A model that predicts one value for all has one point, which makes no line.
    mode = "lines+markers" if name == "calibration" else "lines"
    traces = [
        go.Scatter(
            name=label,
            x=x,
            y=y,
            line={**look, **shape},
            mode=mode,
            showlegend=label in [*shown, guide],
        )
        for label, look, (x, y) in zip(
            ("candidate", "baseline", guide), _LOOKS, points, strict=False
        )
    ]
    return make_plot(name, heading, text, traces, **layout)


_UNIT = [-0.01, 1.01]
_ROC = {
    "xaxis": {"title": {"text": "false positive rate"}, "range": _UNIT},
    "yaxis": {"title": {"text": "true positive rate"}, "range": _UNIT},
}
_PR = {
    "xaxis": {"title": {"text": "recall"}, "range": _UNIT},
    "yaxis": {"title": {"text": "precision"}, "rangemode": "tozero"},
}
_CALIBRATION = {
    "xaxis": {"title": {"text": "mean prediction"}, "rangemode": "tozero"},
    "yaxis": {"title": {"text": "share clicked"}, "rangemode": "tozero"},
}
_TICKS = (0.0001, 0.001, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.97, 0.99, 0.999)
_HISTOGRAM = {
    "xaxis": {
        "title": {"text": "prediction (scale of log odds)"},
        "tickvals": [math.log(tick / (1.0 - tick)) for tick in _TICKS],
        "ticktext": [f"{tick:g}" for tick in _TICKS],
        "zeroline": False,
    },
    "yaxis": {
        "title": {"text": "share of examples"},
        "rangemode": "tozero",
        "tickformat": ".1~%",
    },
}


_PLOTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "roc": ("ROC", "random", _ROC),
    "precision_recall": ("Precision and recall", "random", _PR),
    "calibration": ("Calibration", "calibrated", _CALIBRATION),
    "histogram": ("Predictions", "", _HISTOGRAM),
}


def _lines(curve: Curve | None) -> dict[str, _XY]:
    """The line of a model in each plot."""
    if curve is None:
        return dict.fromkeys(_PLOTS, _NOTHING)
    return {
        "roc": _columns(curve.roc),
        "precision_recall": _columns(curve.precision_recall),
        "calibration": _columns([point[:2] for point in curve.calibration]),
        "histogram": _steps(curve.histogram),
    }


def _steps(histogram: list[Group]) -> _XY:
    """Each bin's share from its low edge on, and an end at 0."""
    if not histogram:
        return _NOTHING
    total = sum(examples for _, _, examples in histogram) or 1.0
    steps = [(_log_odds(low), count / total) for low, _, count in histogram]
    return _columns([*steps, (_log_odds(histogram[-1][1]), 0.0)])


def _log_odds(probability: float) -> float:
    """On this scale the bins are of equal width."""
    inside = min(max(probability, 1e-6), 1.0 - 1e-6)
    return math.log(inside / (1.0 - inside))


def _chance(curves: SliceCurves) -> _XY:
    """The precision of random predictions, which is the mean label."""
    points = curves.candidate.calibration
    examples = sum(count for _, _, count in points)
    if not examples:
        return _NOTHING
    clicks = sum(label * count for _, label, count in points)
    return [0.0, 1.0], [clicks / examples] * 2


def _calibrated(curves: SliceCurves) -> _XY:
    models = [model for model in (curves.candidate, curves.baseline) if model]
    largest = max(
        (max(point[:2]) for model in models for point in model.calibration), default=1.0
    )
    return [0.0, largest], [0.0, largest]


def _columns(points: Any) -> _XY:
    return [point[0] for point in points], [point[1] for point in points]
