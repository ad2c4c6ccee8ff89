"""The top-level packages of this distribution whose code a run executes."""

OUR_PACKAGES = ("pipeline", "components", "transform", "trainer", "serving")
