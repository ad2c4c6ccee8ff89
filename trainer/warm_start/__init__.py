"""Weights that a model starts from, instead of random ones.

`files` finds what to start from, `exported_model` reads a model and `vectors` a file of
vectors, `rows` says which old row a new one starts from, `transfer` copies the weights
of a model, and `start` does what the configuration says.
"""
