"""What was measured, for people."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from serving.load_test.measure import Figures
from serving.load_test.swap import Swapped


def figures_table(figures: Sequence[Figures]) -> Table:
    """Rates, and latencies at half the highest rate."""
    table = Table(
        title="Highest rate (closed loop), and latency in ms at half of it (open loop)",
        title_justify="left",
        # In 80 columns, as where the output is no terminal, no figure is cut off.
        box=None,
        pad_edge=False,
    )
    for name in ("signature", "rows"):
        table.add_column(name, no_wrap=True)
    for name in ("requests/s", "rows/s", "p50", "p90", "p99", "p99.9"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("failed", justify="right", overflow="fold")
    for each in figures:
        table.add_row(
            each.signature,
            str(each.batch_size),
            f"{each.most:,.0f}",
            f"{each.most * each.batch_size:,.0f}",
            *map(_in_digits, (each.p50, each.p90, each.p99, each.p999)),
            in_words(each.failed),
        )
    return table


def _in_digits(milliseconds: float) -> str:
    return f"{milliseconds:,.0f}" if milliseconds >= 100 else f"{milliseconds:.2f}"


def swap_in_words(swapped: Swapped) -> str:
    """One line about the swaps."""
    return (
        f"Hot swap: {swapped.swaps} new versions at {swapped.rate:,.0f} requests/s: "
        f"{in_words(swapped.failed)} failed; p99.9 {swapped.swap_p999:.1f} ms during a "
        f"swap ({swapped.requests:,} requests, longest {swapped.swap_worst:.1f} ms), "
        f"{swapped.steady_p999:.1f} ms between them"
    )


def in_words(failed: dict[str, int]) -> str:
    """How many requests failed, by status."""
    return ", ".join(f"{count} {code}" for code, count in failed.items()) or "0"
