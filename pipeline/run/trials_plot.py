"""A plot of the trials: one panel for each setting that was varied."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from config.tuning import Range, Space
from pipeline.run.trials import Trial
from trainer.fit.hyperparameters import value_text

_PANELS_IN_A_ROW = 3
_HEIGHT = 320
_OTHER, _BEST = "#4878a8", "#c44e00"


def write_plot(trials: list[Trial], space: Space, path: Path) -> None:
    """Writes an HTML file that holds all it needs.

    Args:
      trials: The trials, the best first.
      space: Settings that were varied.
      path: The file.
    """
    columns = min(_PANELS_IN_A_ROW, len(space))
    rows = math.ceil(len(space) / columns)
    figure = make_subplots(
        rows,
        columns,
        specs=_panels(len(space), rows, columns),
        shared_yaxes="all",
        subplot_titles=list(space),
    )
    for index, (name, values) in enumerate(space.items()):
        where = {"row": index // columns + 1, "col": index % columns + 1}
        figure.add_trace(_points(trials, name, values), **where)
        figure.update_xaxes(_axis(values), **where)
    figure.update_yaxes(title=f"validation {trials[0].measure[0]}", col=1)
    figure.update_layout(
        title=f"Trials of the Tuner: {len(trials)}; the star is the best",
        height=_HEIGHT * rows + 100,
        template="plotly_white",
    )
    figure.write_html(path, include_plotlyjs=True, config={"displaylogo": False})


def _panels(count: int, rows: int, columns: int) -> list[list[dict[str, Any] | None]]:
    """The last row may have fewer panels than the others."""
    return [
        [{} if row * columns + column < count else None for column in range(columns)]
        for row in range(rows)
    ]


def _points(trials: list[Trial], name: str, values: Range | tuple[Any, ...]) -> Any:
    """A point for each trial; the best is drawn last, over the others."""
    drawn = trials[::-1]
    others = len(trials) - 1
    return go.Scatter(
        x=[_place(trial.values[name], values) for trial in drawn],
        y=[trial.measure[1] for trial in drawn],
        mode="markers",
        marker={
            "symbol": ["circle"] * others + ["star"],
            "color": [_OTHER] * others + [_BEST],
            "size": [9] * others + [15],
        },
        hovertext=[_hover(trial) for trial in drawn],
        hoverinfo="text",
        showlegend=False,
    )


def _place(value: Any, values: Range | tuple[Any, ...]) -> Any:
    return value if isinstance(values, Range) else value_text(value)


def _axis(values: Range | tuple[Any, ...]) -> dict[str, Any]:
    if isinstance(values, Range):
        return {"type": values.scale}
    # All choices, those that no trial had as well.
    order = [value_text(value) for value in values]
    ends = [-0.5, len(order) - 0.5]
    return {"type": "category", "categoryarray": order, "range": ends}


def _hover(trial: Trial) -> str:
    name, value = trial.measure
    lines = [f"trial {trial.number}: {name} {value:.4f}"]
    lines += [f"{name}: {value_text(value)}" for name, value in trial.values.items()]
    return "<br>".join(lines)
