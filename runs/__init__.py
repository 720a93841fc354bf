"""From a log to a run: found, read, deduplicated, verdicts as columns."""
