"""Figures, for people."""

from __future__ import annotations

import io

from rich.console import Console

from serving.load_test.measure import Figures
from serving.load_test.tables import figures_table


def test_figures_are_whole_where_the_output_is_no_terminal():
    figures = Figures(
        "examples", 1000, 12_345.6, 6_172.8, 0.126, 99.9, 1302.9, 12_345.6, {}
    )
    page = io.StringIO()
    Console(file=page, width=80).print(figures_table([figures]))
    row = page.getvalue().split()[-9:]
    assert row == [
        *("examples", "1000", "12,346", "12,345,600"),
        *("0.13", "99.90", "1,303", "12,346", "0"),
    ]
