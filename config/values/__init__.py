"""Canonical texts of values, and readers of numbers written as text."""
