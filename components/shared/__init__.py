"""Shared by several components."""
