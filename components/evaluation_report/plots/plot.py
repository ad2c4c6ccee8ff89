"""Base of all plots."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

# Each has a contrast of at least 3 on the light and on the dark background.
CANDIDATE, BASELINE, FAILED = "#2f7fd6", "#85898f", "#d9480f"

_MARGIN = {"l": 8, "r": 12, "t": 28, "b": 8}


@dataclass(frozen=True)
class Plot:
    """A plot.

    Attributes:
      name: Identifies it on the page.
      title: Its heading.
      text: Alternative text.
      figure: Plotly's figure; the page adds the colours of its theme.
    """

    name: str
    title: str
    text: str
    figure: dict[str, Any]


def make_plot(
    name: str, title: str, text: str, traces: list[Any], **layout: Any
) -> Plot:
    """A plot of some traces.

    Args:
      name: Identifies it on the page.
      title: Its heading.
      text: Alternative text.
      traces: Plotly's traces.
      **layout: Plotly's layout, besides what all plots share.
    """
    figure = go.Figure(traces)
    figure.update_layout(
        {
            "template": "none",
            "height": 300,
            "margin": _MARGIN,
            "hovermode": "closest",
            "dragmode": False,
            "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom"},
            **layout,
        }
    )
    figure.update_xaxes(automargin=True, fixedrange=True)
    figure.update_yaxes(automargin=True, fixedrange=True)
    drawn: dict[str, Any] = figure.to_plotly_json()
    del drawn["layout"]["template"]
    return Plot(name, title, text, drawn)


def plain(text: str) -> str:
    """A text as it is: Plotly takes some tags for its own."""
    return html.escape(text, quote=False)
