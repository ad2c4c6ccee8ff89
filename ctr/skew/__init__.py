"""Skew between the requests to a model and its training examples."""
