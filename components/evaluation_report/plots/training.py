"""Training curves."""

from __future__ import annotations

import plotly.graph_objects as go

from components.evaluation_report.plots.plot import BASELINE, CANDIDATE, Plot, make_plot
from trainer.export.record import TrainingRecord


def training_plots(training: TrainingRecord) -> list[Plot]:
    """Log loss and AUC by epoch; none of a training that kept no record of them."""
    if not training.history:
        return []
    return [
        _plot("training_auc", "AUC by epoch", "auc", training),
        _plot("training_log_loss", "Log loss by epoch", "log_loss", training),
    ]


def _plot(name: str, title: str, metric: str, training: TrainingRecord) -> Plot:
    epochs = list(range(1, len(training.history) + 1))
    train = [getattr(epoch, metric) for epoch in training.history]
    validation = [getattr(epoch, f"validation_{metric}") for epoch in training.history]
    best = training.best_epoch
    traces = [
        _line("training part", epochs, train, {"color": BASELINE, "dash": "dot"}),
        _line("validation part", epochs, validation, {"color": CANDIDATE}),
        go.Scatter(
            name="kept",
            x=[best],
            y=[validation[best - 1]],
            mode="markers",
            marker={"symbol": "circle-open", "size": 13, "color": CANDIDATE},
        ),
    ]
    return make_plot(
        name,
        title,
        f"{title} on the validation part: from {_number(validation[0])} in epoch 1 to "
        f"{_number(validation[best - 1])} in epoch {best}, which was kept, and "
        f"{_number(validation[-1])} in the last one, {epochs[-1]}.",
        traces,
        height=260,
        xaxis={"title": {"text": "epoch"}, "dtick": max(1, len(epochs) // 8)},
    )


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.4f}"


def _line(
    name: str, x: list[int], y: list[float | None], look: dict[str, object]
) -> go.Scatter:
    return go.Scatter(
        name=name, x=x, y=y, mode="lines+markers", line=look, marker={"size": 5}
    )
