"""Compiles the DAG into a pipeline package for Kubeflow."""
