"""The parts of the configuration that each component reads, and no more.

A part goes to its component as JSON and is in TFX's cache key, so a change of one
block re-runs what reads that block. Each has a module of its own, so that a component
does not depend on the code of another's.
"""
