"""Models of other projects, which benchmarks run in environments of their own."""

from benchmarks.peers.environment import run

__all__ = ["run"]
