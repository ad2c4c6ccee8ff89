"""The commands of `ctr`: thin, and importing heavy packages only when they run."""
