"""The `ctr` command and the tools behind it."""
