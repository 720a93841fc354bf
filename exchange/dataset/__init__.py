"""Runs as a Hugging Face data set."""
