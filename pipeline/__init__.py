"""The DAG, its runs on this machine, and the review of its candidates."""

# Top-level packages of this distribution whose code a run executes.
RUN_PACKAGES = ("pipeline", "components", "transform", "trainer", "serving", "config")
