"""Completions and verdicts of others: CSV, JSON, Parquet, data sets of the Hub, vLLM's outputs."""
