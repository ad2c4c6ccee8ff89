"""Readers of CSV and Parquet files."""
